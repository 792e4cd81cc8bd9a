"""Hard questions on their way from the desk through the experts and back, and what citizens bring up."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.knowledge.expert_questions import (
    EXPERT,
    AskedQuestionView,
    ExpertQuestionView,
    NewExpertQuestion,
    Settlement,
    State,
    Text,
)
from hub.knowledge.hot_topics import HotTopics, TopicsQuery, hot_topics
from hub.knowledge.views import Slug
from hub.services import Services

api = Endpoints()
QUESTIONS = "/api/v1/expert-questions"
ONE = QUESTIONS + "/{question_id}"
OF_CONVERSATION = "/api/v1/conversations/{conversation_id}/expert-questions"


class ExpertQuestionsQuery(msgspec.Struct, frozen=True):
    """A page of questions in one state."""

    state: State = "open"
    offset: Annotated[int, Meta(ge=0, le=100_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 100


class ExpertQuestionList(msgspec.Struct, frozen=True):
    """Newest first."""

    items: list[ExpertQuestionView]


class AskedQuestionList(msgspec.Struct, frozen=True):
    """Newest first."""

    items: list[AskedQuestionView]


class NewOpinion(Settings, frozen=True, kw_only=True):
    """What an expert thinks."""

    text: Text


class PassOn(Settings, frozen=True, kw_only=True):
    """Whose experts are asked next; empty: all."""

    department_id: Slug = ""


class Declined(Settings, frozen=True, kw_only=True):
    """Why there is no answer."""

    reason: Text


@api.add("GET", OF_CONVERSATION, "desk.use", answer=AskedQuestionList)
async def list_expert_questions_of(services: Services, call: Call[NoBody]) -> AskedQuestionList:
    """List what experts were asked in a conversation, with their answers."""
    conversation = await services.conversations.open_for(call.identity, call.path["conversation_id"])
    of_conversation = services.knowledge.expert_questions.of_conversation
    return AskedQuestionList(await of_conversation(call.identity, conversation.conversation_id))


@api.add("POST", OF_CONVERSATION, "desk.use", body=NewExpertQuestion, answer=AskedQuestionView, status=201)
async def ask_experts(services: Services, call: Call[NewExpertQuestion]) -> AskedQuestionView:
    """Put a hard question to experts; their settled answer comes back to the conversation."""
    conversation = await services.conversations.open_for(call.identity, call.path["conversation_id"])
    return await services.knowledge.expert_questions.ask(call.identity, call.body, conversation.conversation_id)


@api.add("GET", QUESTIONS, EXPERT, query=ExpertQuestionsQuery, answer=ExpertQuestionList)
async def list_expert_questions(services: Services, call: Call[NoBody]) -> ExpertQuestionList:
    """List what experts are asked."""
    query: ExpertQuestionsQuery = call.query
    page = services.knowledge.expert_questions.page
    return ExpertQuestionList(await page(query.state, offset=query.offset, limit=query.limit))


@api.add("POST", f"{ONE}/opinions", EXPERT, body=NewOpinion, answer=ExpertQuestionView, status=201, problems=(409,))
async def add_opinion(services: Services, call: Call[NewOpinion]) -> ExpertQuestionView:
    """Give an opinion for the other experts."""
    add = services.knowledge.expert_questions.add_opinion
    return await add(call.identity, call.path["question_id"], call.body.text)


@api.add("PUT", f"{ONE}/department", EXPERT, body=PassOn, answer=ExpertQuestionView, problems=(409,))
async def pass_expert_question_on(services: Services, call: Call[PassOn]) -> ExpertQuestionView:
    """Ask the experts of another department."""
    pass_on = services.knowledge.expert_questions.pass_on
    return await pass_on(call.identity, call.path["question_id"], call.body.department_id)


@api.add("PUT", f"{ONE}/answer", EXPERT, body=Settlement, answer=ExpertQuestionView, problems=(409,))
async def settle_expert_question(services: Services, call: Call[Settlement]) -> ExpertQuestionView:
    """Settle the one answer: it goes to all who asked and becomes an article."""
    return await services.knowledge.expert_questions.settle(call.identity, call.path["question_id"], call.body)


@api.add("PUT", f"{ONE}/refusal", EXPERT, body=Declined, answer=ExpertQuestionView, problems=(409,))
async def decline_expert_question(services: Services, call: Call[Declined]) -> ExpertQuestionView:
    """Say why there is no answer."""
    decline = services.knowledge.expert_questions.decline
    return await decline(call.identity, call.path["question_id"], call.body.reason)


@api.add("GET", "/api/v1/hot-topics", "topics.view", query=TopicsQuery, answer=HotTopics)
async def get_hot_topics(services: Services, call: Call[NoBody]) -> HotTopics:
    """Return what citizens bring up most, what has risen, and how many complaints there are."""
    query: TopicsQuery = call.query
    return await hot_topics(query, services.wallboard.setup.settings.timezone)
