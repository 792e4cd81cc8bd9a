"""Hard questions: agents put them to experts, experts give their opinions, and one settles what everybody answers.

The settled answer goes back to all who asked, and becomes an article: published when whoever settles may publish,
otherwise waiting for its check. The same question asked twice is one question with two askers.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import NotificationKind
from core.events.knowledge import ArticleLevel
from core.ids import new_id
from hub.accounts.identities import identities_of
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import ApiError, not_found
from hub.knowledge.articles import Articles, may_read
from hub.knowledge.search.plain import squeezed
from hub.knowledge.views import MAX_BODY_CHARS, ArticleContent, Short, Slug
from hub.setup.organization import Organization
from hub.store.fields import NAME_LENGTH
from hub.store.models import Article, ExpertAsker, ExpertOpinion, ExpertQuestion, User
from hub.store.views import view
from hub.teamwork.notifications import notify
from hub.texts import clean, clean_line
from hub.units import Unit, Units

State = Literal["open", "settled", "declined"]

EXPERT: Final = "knowledge.expert"
PUBLISH: Final = "knowledge.publish"
MOST_ASKERS: Final = 100

Text = Annotated[str, Meta(min_length=1, max_length=4_000)]


class NewExpertQuestion(Settings, frozen=True, kw_only=True):
    """What experts are asked; without ``department_id`` all of them."""

    question: Annotated[str, Meta(min_length=1, max_length=200)]
    details: Annotated[str, Meta(max_length=4_000)] = ""
    department_id: Slug = ""


class Settlement(Settings, frozen=True, kw_only=True):
    """The one answer, Markdown, and what its article is like; ``title`` is the question when left out."""

    answer: Annotated[str, Meta(min_length=1, max_length=MAX_BODY_CHARS)]
    title: Annotated[str, Meta(max_length=200)] = ""
    level: ArticleLevel = "internal"
    owner: Short = ""
    is_published: bool = False


class OpinionView(msgspec.Struct, frozen=True, kw_only=True):
    """What one expert says."""

    author_name: str
    text: str
    created_at: datetime


class AskerView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who waits for the answer, and in which conversation."""

    user_id: str
    user_name: str
    conversation_id: str | None = None
    asked_at: datetime


class ExpertQuestionView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question with everything said to it; ``article_id`` is what its answer became."""

    question_id: str
    question: str
    state: State
    details: str = ""
    department_id: str = ""
    answer: str = ""
    article_id: str | None = None
    created_at: datetime
    ended_by: str = ""
    ended_at: datetime | None = None
    askers: list[AskerView] = []
    opinions: list[OpinionView] = []


class AskedQuestionView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question as those who ask see it: no opinion, nobody else who asks, no answer of a level that is not theirs."""

    question_id: str
    question: str
    state: State
    answer: str = ""
    article_id: str | None = None
    created_at: datetime
    ended_by: str = ""
    ended_at: datetime | None = None
    opinion_count: int = 0


class ExpertQuestions:
    """From the question to the one answer."""

    def __init__(self, units: Units, audit: Audit, articles: Articles, organization: Organization) -> None:
        self._units = units
        self._audit = audit
        self._articles = articles
        self._organization = organization

    async def ask(
        self, identity: Identity, new: NewExpertQuestion, conversation_id: str | None = None
    ) -> AskedQuestionView:
        """Put a question to experts; one that is open already gets another asker."""
        text = clean_line(new.question)
        key = squeezed(text)[:NAME_LENGTH]
        if not key:
            raise ApiError(422, "invalid", "a question has words", fields={"question": "empty"})
        self._check_department(new.department_id)
        async with self._units.open() as unit:
            row = await ExpertQuestion.get_or_none(squeezed=key, state="open")
            is_known = row is not None
            if row is None:
                row = await ExpertQuestion.create(
                    question_id=new_id(),
                    question=text,
                    squeezed=key,
                    details=clean(new.details),
                    department_id=new.department_id,
                    state="open",
                    created_at=unit.now,
                )
                await self._tell_experts(unit, identity, row, row.department_id)
            asked = ExpertAsker.filter(question_id=row.question_id)
            if not await asked.filter(user_id=identity.user_id, conversation_id=conversation_id).exists():
                if await asked.count() >= MOST_ASKERS:
                    raise ApiError(409, "too_many", f"at most {MOST_ASKERS} wait for one answer")
                await ExpertAsker.create(
                    asker_id=new_id(),
                    question_id=row.question_id,
                    user_id=identity.user_id,
                    user_name=_name(identity),
                    conversation_id=conversation_id,
                    asked_at=unit.now,
                )
                if is_known:
                    await self._add_to(unit, identity, row, new)
            await self._audit.record(identity, "expert_question.ask", "expert_question", row.question_id)
        return (await _asked_views(identity, [row]))[0]

    async def pass_on(self, identity: Identity, question_id: str, department_id: str) -> ExpertQuestionView:
        """Ask the experts of another department."""
        self._check_department(department_id)
        async with self._units.open() as unit:
            row = await _open(question_id)
            row.department_id = department_id
            await row.save()
            await self._tell_experts(unit, identity, row, department_id)
            await self._audit.record(
                identity, "expert_question.pass_on", "expert_question", question_id, department=department_id
            )
        return await self.read(question_id)

    async def add_opinion(self, identity: Identity, question_id: str, text: str) -> ExpertQuestionView:
        """Say what one thinks, for the other experts; the same again after a lost answer is said once."""
        said: dict[str, Any] = {"question_id": question_id, "author_name": _name(identity), "text": clean(text)}
        async with self._units.open() as unit:
            await _open(question_id)
            if not await ExpertOpinion.filter(**said).exists():
                await ExpertOpinion.create(opinion_id=new_id(), created_at=unit.now, **said)
        return await self.read(question_id)

    async def settle(self, identity: Identity, question_id: str, settlement: Settlement) -> ExpertQuestionView:
        """Say what everybody answers; 409 ``wrong_state`` when somebody else has."""
        if settlement.is_published:
            identity.require(PUBLISH)
        if not may_read(identity, settlement.level):
            raise ApiError(422, "invalid", "a level that is not yours", fields={"level": "may_not"})
        async with self._units.open() as unit:
            row = await self._end(unit, identity, question_id, "settled", clean(settlement.answer))
            content = ArticleContent(
                title=clean_line(settlement.title) or row.question,
                body=settlement.answer,
                level=settlement.level,
                owner=settlement.owner,
            )
            article = await self._articles.add(unit, identity, content, state="in_review")
            row.article_id = article.article_id
            await row.save()
            if settlement.is_published:
                await self._articles.let_out(unit, identity, article.article_id)
        return await self.read(question_id)

    async def decline(self, identity: Identity, question_id: str, reason: str) -> ExpertQuestionView:
        """Say why there is no answer."""
        async with self._units.open() as unit:
            await self._end(unit, identity, question_id, "declined", clean(reason))
        return await self.read(question_id)

    async def read(self, question_id: str) -> ExpertQuestionView:
        """Return one question; 404 when there is none."""
        row = await ExpertQuestion.get_or_none(question_id=question_id)
        if row is None:
            raise not_found("question")
        return (await _views([row]))[0]

    async def page(self, state: State, *, offset: int, limit: int) -> list[ExpertQuestionView]:
        """Return questions, the newest first."""
        rows = ExpertQuestion.filter(state=state).order_by("-question_id").offset(offset).limit(limit)
        return await _views(await rows)

    async def of_conversation(self, identity: Identity, conversation_id: str) -> list[AskedQuestionView]:
        """Return what was asked in a conversation as the user may see it, the newest first."""
        ids: list[Any] = await ExpertAsker.filter(conversation_id=conversation_id).values_list("question_id", flat=True)
        rows = await ExpertQuestion.filter(question_id__in=ids).order_by("-question_id")
        return await _asked_views(identity, rows)

    async def _end(self, unit: Unit, identity: Identity, question_id: str, state: State, answer: str) -> ExpertQuestion:
        row = await _open(question_id)
        row.state, row.answer = state, answer
        row.ended_at, row.ended_by = unit.now, _name(identity)
        await row.save()
        kind: NotificationKind = "expert_settled" if state == "settled" else "expert_declined"
        for asker in await ExpertAsker.filter(question_id=question_id):
            notify(unit, asker.user_id, kind, asker.conversation_id, question=row.question)
        await self._audit.record(identity, f"expert_question.{state}", "expert_question", question_id)
        return row

    def _check_department(self, department_id: str) -> None:
        if department_id and department_id not in self._organization.departments.current:
            raise ApiError(422, "invalid", "no such department", fields={"department_id": "unknown"})

    async def _add_to(self, unit: Unit, identity: Identity, row: ExpertQuestion, new: NewExpertQuestion) -> None:
        """Add what another asker says to an open question, and ask the experts that they name, too."""
        details = clean(new.details)
        if details and details not in row.details:
            row.details = "\n\n".join(filter(None, [row.details, f"{_name(identity)}: {details}"]))
            await row.save()
        if row.department_id and new.department_id != row.department_id:
            await self._tell_experts(unit, identity, row, new.department_id)

    async def _tell_experts(self, unit: Unit, identity: Identity, row: ExpertQuestion, department_id: str) -> None:
        users = await User.filter(is_active=True).exclude(user_id=identity.user_id)
        experts = [one for one in await identities_of(users) if one.may(EXPERT)]
        asked = [one for one in experts if one.department_id == department_id] if department_id else experts
        for one in asked or experts:  # a department without experts leaves nobody waiting for ever
            notify(unit, one.user_id, "expert_asked", question=row.question)


def _name(identity: Identity) -> str:
    return identity.display_name or identity.username


async def _open(question_id: str) -> ExpertQuestion:
    row = await ExpertQuestion.get_or_none(question_id=question_id)
    if row is None:
        raise not_found("question")
    if row.state != "open":
        raise ApiError(409, "wrong_state", f"the question is {row.state}")
    return row


async def _views(rows: Sequence[ExpertQuestion]) -> list[ExpertQuestionView]:
    ids = [row.question_id for row in rows]
    askers: dict[str, list[AskerView]] = {}
    for one in await ExpertAsker.filter(question_id__in=ids).order_by("asker_id"):
        askers.setdefault(one.question_id, []).append(view(AskerView, one))
    opinions: dict[str, list[OpinionView]] = {}
    for said in await ExpertOpinion.filter(question_id__in=ids).order_by("opinion_id"):
        opinions.setdefault(said.question_id, []).append(view(OpinionView, said))
    return [
        view(
            ExpertQuestionView,
            row,
            askers=askers.get(row.question_id, []),
            opinions=opinions.get(row.question_id, []),
        )
        for row in rows
    ]


async def _asked_views(identity: Identity, rows: Sequence[ExpertQuestion]) -> list[AskedQuestionView]:
    opinions = ExpertOpinion.filter(question_id__in=[row.question_id for row in rows])
    ids: list[Any] = await opinions.values_list("question_id", flat=True)
    counts = Counter(ids)
    articles = Article.filter(article_id__in=[row.article_id for row in rows if row.article_id])
    hidden = {one.article_id for one in await articles if not may_read(identity, one.level)}
    unread: dict[str, Any] = {"answer": "", "article_id": None}
    return [
        view(
            AskedQuestionView,
            row,
            opinion_count=counts[row.question_id],
            **(unread if row.article_id in hidden else {}),
        )
        for row in rows
    ]
