"""Words by which people subscribe, unsubscribe and opt out, on any channel: TD, 退订, the keyword of a topic."""

from dataclasses import dataclass
from typing import Literal

from core.flow.matching import MAX_MATCHED_CHARS, plain
from hub.i18n import text as catalogue
from hub.outreach.consent import Consent
from hub.outreach.settings import OutreachSetup
from hub.store.models import Contact, Subscription, Topic
from hub.units import Unit


@dataclass(frozen=True, slots=True)
class Heard:
    """What a word did: the notice for the timeline, and what the person is told."""

    notice: str
    topic: str
    answer: str


class Keywords:
    """Understands whole messages that are such a word; everything else is none of its business."""

    def __init__(self, setup: OutreachSetup, consent: Consent) -> None:
        self._setup = setup
        self._consent = consent

    async def hear(
        self, unit: Unit, contact: Contact, uri: str, text: str, consent: Literal["withdrawn", "given"] | None
    ) -> Heard | None:
        """Do what ``text`` asks for, or what its channel understood (``consent``); None when it is no such word."""
        word = plain(text) if len(text) <= MAX_MATCHED_CHARS else ""
        if not word and consent is None:
            return None
        language = contact.language or "zh"
        if consent == "given":
            await self._consent.allow(uri)
            return Heard("opted_in", "", catalogue("outreach.opted_in", language))
        if consent == "withdrawn" or self._setup.settings.means_opt_out(text):
            await self._consent.refuse(unit, uri, reason=text.strip(), source="contact")
            return Heard("opted_out", "", catalogue("outreach.opted_out", language))
        opt_out = sorted((plain(one) for one in self._setup.settings.opt_out_words), key=len, reverse=True)
        prefix = next((one for one in opt_out if len(one) > 1 and word.startswith(one)), "")
        if topic := self._consent.topics_by_word.get(word):
            title = _title(topic, language)
            await self._consent.subscribe(unit, topic, contact, uri, "contact")
            return Heard("subscribed", title, catalogue("outreach.subscribed", language, topic=title))
        if prefix and (topic := self._consent.topics_by_word.get(word.removeprefix(prefix))):
            title = _title(topic, language)
            await Subscription.filter(topic_id=topic.topic_id, uri=uri).delete()
            return Heard("unsubscribed", title, catalogue("outreach.unsubscribed", language, topic=title))
        return None


def _title(topic: Topic, language: str) -> str:
    return topic.title.get(language) or topic.title.get("zh") or topic.topic_id
