"""Reads an entry of the knowledge base out to the citizen on the line, word for word, while the agent waits."""

from core.events import Talk
from hub.accounts.identity import Identity
from hub.calls.live_call import LiveCall
from hub.calls.plans import CallPlans
from hub.calls.utterances import Piece
from hub.conversing import timeline
from hub.conversing.access import owned
from hub.errors import ApiError, not_found
from hub.knowledge.answering import MAX_ANSWER_CHARS
from hub.knowledge.articles import Articles
from hub.knowledge.feedback import Feedback
from hub.knowledge.marks import plain_text, spoken_lines
from hub.units import Unit, Units


class ReadingOut:
    """What agents let the voice tell in the middle of a talk; a key of the citizen's ends it, and so does the agent."""

    def __init__(self, units: Units, plans: CallPlans, articles: Articles, feedback: Feedback) -> None:
        self._units = units
        self._plans = plans
        self._articles = articles
        self._feedback = feedback

    async def begin(self, identity: Identity, conversation_id: str, article_id: str) -> None:
        """Read a public article that holds today; 404 for any other, 409 unless the citizen talks."""
        contents = await self._articles.published([article_id])
        if article_id not in contents or contents[article_id][0].level != "public":
            raise not_found("article")
        row, content = contents[article_id]
        async with self._units.open() as unit:
            live = await self._live(unit, identity, conversation_id)
            if live.citizen is None or not isinstance(live.citizen.activity, Talk) or live.is_speaking:
                raise ApiError(409, "wrong_state", "the citizen hears something else")
            text = plain_text(content.body)[:MAX_ANSWER_CHARS]
            timeline.add_spoken(unit, live.conversation, f"{row.title}\n{text}", author_kind="system")
            for words in spoken_lines(row.title, text):
                live.say(Piece(text=words, language=timeline.language_of(live.conversation)), can_interrupt=True)
            await self._feedback.note_use(
                unit.now, article_id, "sent", conversation_id=conversation_id, agent_id=identity.user_id
            )

    async def end(self, identity: Identity, conversation_id: str) -> None:
        """Let the citizen talk again, however far the voice is."""
        async with self._units.open() as unit:
            live = await self._live(unit, identity, conversation_id)
            if live.utterance is not None and live.utterance.then == "rest":
                self._plans.voice.go_on(unit, live)

    async def _live(self, unit: Unit, identity: Identity, conversation_id: str) -> LiveCall:
        live = await self._plans.of(unit, await owned(unit, identity, conversation_id, "active"))
        if live is None:
            raise ApiError(409, "no_call", "nobody is on the line")
        return live
