"""Plans bulk sends: words, audience, test, start, pause, cancel, results. ``runner`` sends them."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from core.addresses import normalize
from core.events import Mail, SendMessage
from core.flow.templates import fill, literals_in, names_in
from core.ids import derived_id, new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.bulk.audience import Audience, LineFault, Person, headings_of, page_of, read_file, with_contacts
from hub.bulk.views import (
    ENDED,
    CampaignState,
    CampaignView,
    NewCampaign,
    RecipientView,
    campaign_view,
    counts_of,
    recipient_view,
)
from hub.contacts.reach import Reach, Sender
from hub.conversing.masking import mask_address
from hub.errors import ApiError, not_found
from hub.media import MediaStore
from hub.outreach.consent import Consent
from hub.outreach.settings import OutreachSetup
from hub.outreach.templates import Templates, known_values
from hub.store.models import Campaign, CampaignRecipient, Topic
from hub.units import Unit, Units

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")  # with these a spreadsheet begins to calculate
PREVIEWED: Final = 5
WRITTEN_AT_ONCE: Final = 500  # recipients in one unit of work: about 20 ms of the database


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What one recipient would get."""

    uri: str
    text: str


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """The text as the first recipients would get it; ``unfilled`` are variables that somebody has no value for.

    ``literal`` are words in braces that are no variables and go out as they are.
    """

    recipients: int
    is_whole: bool  # False: there are more, which were not counted
    refused: int  # among those counted, on the do-not-contact list
    samples: list[Sample]
    unfilled: list[str]
    literal: list[str] = []
    faults: list[LineFault] = []  # of the file


class Campaigns:
    """One unit of work for each command; states only go where they may."""

    def __init__(
        self,
        units: Units,
        audit: Audit,
        *,
        reach: Reach,
        templates: Templates,
        consent: Consent,
        media: MediaStore,
        setup: OutreachSetup,
    ) -> None:
        self._units = units
        self._audit = audit
        self._reach = reach
        self._templates = templates
        self._consent = consent
        self._media = media
        self._setup = setup

    async def senders(self) -> list[Sender]:
        """Return the instances that may send first."""
        return [sender for sender in await self._reach.senders() if sender.writes_first]

    async def all(self) -> list[CampaignView]:
        """Return the latest bulk sends, newest first."""
        return [await self._view(row) for row in await Campaign.all().order_by("-campaign_id").limit(200)]

    async def view(self, campaign_id: str) -> CampaignView:
        """Return one; 404 when there is none."""
        return await self._view(await _row(campaign_id))

    async def save(self, identity: Identity, new: NewCampaign, campaign_id: str = "", *, remote: str) -> CampaignView:
        """Make a plan, or change one that was not started; a file is read at once and its faults are kept."""
        values = await self._planned(new)
        people: list[Person] = []
        values["faults"] = []
        if new.audience.source == "file":
            people, values["faults"] = await self._read(new.audience, values["channel"])
        async with self._units.open() as unit:
            if campaign_id:
                row = await _row(campaign_id)
                if row.state != "draft":
                    raise ApiError(409, "wrong_state", f"the bulk send is {row.state}")
                await CampaignRecipient.filter(campaign_id=campaign_id).delete()
            else:
                row = Campaign(campaign_id=new_id(), state="draft", author=identity.username, created_at=unit.now)
            for name, value in values.items():
                setattr(row, name, value)
            row.is_prepared = False
            row.cursor = ""
            await row.save()
            await self._audit.record(identity, "bulk.save", "campaign", row.campaign_id, remote=remote)
        for begin in range(0, len(people), WRITTEN_AT_ONCE):
            some = await with_contacts(people[begin : begin + WRITTEN_AT_ONCE])
            async with self._units.open() as unit:
                await add_recipients(unit, row, some, begin)
        if new.audience.source == "file":
            async with self._units.open():
                await Campaign.filter(campaign_id=row.campaign_id).update(is_prepared=True)
        return await self.view(row.campaign_id)

    async def preview(self, identity: Identity, new: NewCampaign) -> Preview:
        """Return what would be sent to whom; looks at the first page of contacts only, at the whole of a file."""
        values = await self._planned(new)
        cursor: str | None = None
        faults: list[dict[str, Any]] = []
        if new.audience.source == "file":
            people, faults = await self._read(new.audience, values["channel"])
        else:
            people, cursor = await page_of(new.audience, values["channel"], "")
        refused = 0
        for begin in range(0, len(people), WRITTEN_AT_ONCE):
            refused += len(await self._consent.refused([one.uri for one in people[begin : begin + WRITTEN_AT_ONCE]]))
        text: str = values["text"]
        wanted = set(names_in(text)) | set(names_in(values["subject"]))
        known = known_values(self._units.now())
        unfilled = {name for one in people for name in wanted if not (one.params.get(name) or known.get(name))}
        shown = identity.may("address.reveal")
        return Preview(
            recipients=len(people),
            is_whole=cursor is None,
            refused=refused,
            samples=[
                Sample(uri=one.uri if shown else mask_address(one.uri), text=fill(text, {**known, **one.params}))
                for one in people[:PREVIEWED]
            ],
            unfilled=sorted(unfilled),
            literal=sorted(set(literals_in(text)) | set(literals_in(values["subject"]))),
            faults=msgspec.convert(faults, list[LineFault]),
        )

    async def headings(self, media_id: str) -> list[str]:
        """Return the headings of an uploaded file."""
        file, _ = await self._media.find(media_id)
        try:
            return headings_of(await asyncio.to_thread(file.read_bytes))
        except csv.Error as error:
            raise ApiError(422, "invalid", str(error), fields={"media_id": "not_csv"}) from error

    async def test(self, identity: Identity, new: NewCampaign, to: str, *, remote: str) -> None:
        """Send the text once to an address of the operator's own, with the values of the first recipient."""
        values = await self._planned(new)
        try:
            uri = normalize(to, values["channel"])
        except ValueError as error:
            raise ApiError(422, "invalid", str(error), fields={"to": "not_an_address"}) from error
        preview = await self.preview(identity, new)
        text = preview.samples[0].text if preview.samples else fill(values["text"], known_values(self._units.now()))
        async with self._units.open() as unit:
            message_id = new_id()
            unit.record(order(message_id, uri, text, values["subject"], unit.now), new.instance)
            await self._audit.record(identity, "bulk.test", "instance", new.instance, remote=remote)

    async def start(
        self, identity: Identity, campaign_id: str, at: datetime | None = None, *, remote: str
    ) -> CampaignView:
        """Let a draft go, now or ``at`` a time, or a paused one go on."""
        row = await _row(campaign_id)
        if row.audience.get("source") == "file" and not row.is_prepared:
            raise ApiError(409, "file_not_read", "save the bulk send again: its file was not read to the end")
        if row.state == "draft" and row.template_id:
            await self._templates.sendable(row.template_id, row.channel)  # it may have lost its approval
        later = at is not None and at > self._units.now() and row.state == "draft"
        state: CampaignState = "scheduled" if later else "running"
        return await self._go(identity, campaign_id, state, ("draft", "scheduled", "paused"), remote=remote, at=at)

    async def pause(self, identity: Identity, campaign_id: str, *, remote: str) -> CampaignView:
        """Send nothing more for now; what is with the channel already goes out."""
        return await self._go(identity, campaign_id, "paused", ("running", "scheduled"), remote=remote)

    async def cancel(self, identity: Identity, campaign_id: str, *, remote: str) -> CampaignView:
        """Send nothing more at all."""
        return await self._go(
            identity, campaign_id, "cancelled", ("draft", "scheduled", "running", "paused"), remote=remote
        )

    async def recipients(
        self, identity: Identity, campaign_id: str, *, state: str, after: int, limit: int
    ) -> tuple[list[RecipientView], int | None]:
        """Return recipients in their order, and where the next page begins."""
        await _row(campaign_id)
        rows = CampaignRecipient.filter(campaign_id=campaign_id, position__gt=after)
        if state:
            rows = rows.filter(state=state)
        found = await rows.order_by("position").limit(limit + 1)
        shown = identity.may("address.reveal")
        views = [recipient_view(row, row.uri if shown else mask_address(row.uri)) for row in found[:limit]]
        return views, found[limit - 1].position if len(found) > limit else None

    async def export(self, identity: Identity, campaign_id: str, *, remote: str) -> AsyncIterator[bytes]:
        """Yield the results as CSV, which spreadsheets read as UTF-8."""
        await _row(campaign_id)
        await self._audit.note(identity, "bulk.export", "campaign", campaign_id, remote=remote)
        after: int | None = -1
        yield b"\xef\xbb\xbf" + _csv_lines([("address", "state", "code", "ordered_at", "changed_at")])
        while after is not None:
            views, after = await self.recipients(identity, campaign_id, state="", after=after, limit=1_000)
            yield _csv_lines(
                (one.uri, one.state, one.code, _stamp(one.ordered_at), _stamp(one.changed_at)) for one in views
            )

    async def _go(
        self,
        identity: Identity,
        campaign_id: str,
        state: CampaignState,
        before: Sequence[str],
        *,
        remote: str,
        at: datetime | None = None,
    ) -> CampaignView:
        async with self._units.open() as unit:
            row = await _row(campaign_id)
            if row.state == state:
                return campaign_view(row, await counts_of(unit.work.fetch, campaign_id), None)
            if row.state not in before:
                raise ApiError(409, "wrong_state", f"the bulk send is {row.state}")
            row.state = state
            if state == "scheduled":
                row.start_at = at
            if state == "running":
                row.started_at = row.started_at or unit.now
            if state in ENDED:
                row.ended_at = unit.now
                await CampaignRecipient.filter(campaign_id=campaign_id, state="pending").update(
                    state="cancelled", changed_at=unit.now
                )
            await row.save()
            await self._audit.record(identity, f"bulk.{state}", "campaign", campaign_id, remote=remote)
        return await self.view(campaign_id)

    async def _planned(self, new: NewCampaign) -> dict[str, Any]:
        sender = await self._reach.sender(new.instance)
        if sender is None or not sender.writes_first:
            raise ApiError(422, "invalid", "cannot write first", fields={"instance": "cannot_write_first"})
        subject, text = new.subject, new.text
        if new.template_id:
            template = await self._templates.sendable(new.template_id, sender.scheme)
            subject, text = template.subject or subject, template.text
        if not text.strip():
            raise ApiError(422, "invalid", "nothing to send", fields={"text": "empty"})
        if new.audience.source == "topic" and not await Topic.exists(topic_id=new.audience.topic_id):
            raise ApiError(422, "invalid", "no such topic", fields={"audience.topic_id": "unknown"})
        return {
            "title": new.title,
            "instance": new.instance,
            "channel": sender.scheme,
            "template_id": new.template_id or None,
            "subject": subject,
            "text": text,
            "audience": msgspec.to_builtins(new.audience),
            "per_minute": new.per_minute,
        }

    async def _read(self, audience: Audience, scheme: str) -> tuple[list[Person], list[dict[str, Any]]]:
        file, _ = await self._media.find(audience.media_id)
        data = await asyncio.to_thread(file.read_bytes)
        try:
            people, faults = await asyncio.to_thread(read_file, data, audience.columns, scheme)
        except (ValueError, csv.Error) as error:
            raise ApiError(422, "invalid", str(error), fields={"audience.columns": "unusable"}) from error
        return people, msgspec.to_builtins(faults)

    async def _view(self, row: Campaign) -> CampaignView:
        quiet = self._setup.settings.quiet_until(self._units.now()) if row.state in ("running", "scheduled") else None
        return campaign_view(row, await counts_of(self._units.store.fetch, row.campaign_id), quiet)


async def add_recipients(unit: Unit, row: Campaign, people: Sequence[Person], position: int) -> int:
    """Write down who gets a bulk send from ``position`` on; return how many of them were not there yet."""
    keys = {recipient_id(row.campaign_id, person.uri): person for person in people}
    stored = CampaignRecipient.filter(recipient_id__in=list(keys))
    known = {str(key) for key in await stored.values_list("recipient_id", flat=True)}
    rows = [
        {
            "recipient_id": key,
            "campaign_id": row.campaign_id,
            "position": position + offset,
            "uri": person.uri,
            "contact_id": person.contact_id,
            "params": person.params,
        }
        for offset, (key, person) in enumerate(keys.items())
        if key not in known
    ]
    await unit.work.insert(CampaignRecipient, rows)
    return len(rows)


def recipient_id(campaign_id: str, uri: str) -> str:
    """Return the one id of ``uri`` in a bulk send: who is found twice is written to once."""
    return derived_id(campaign_id, uri)


def order(message_id: str, uri: str, text: str, subject: str, now: datetime) -> SendMessage:
    """Return the order to send ``text`` outside of any conversation."""
    mail = Mail(subject=subject) if subject else None
    return SendMessage(message_id=message_id, order_id=message_id, recipient=uri, text=text, mail=mail, sent_at=now)


async def _row(campaign_id: str) -> Campaign:
    row = await Campaign.get_or_none(campaign_id=campaign_id)
    if row is None:
        raise not_found("bulk send")
    return row


def _csv_lines(rows: Any) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row])
    return text.getvalue().encode()


def _stamp(at: datetime | None) -> str:
    return at.isoformat() if at else ""
