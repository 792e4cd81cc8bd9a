"""A hard question goes through experts to one agreed answer, which comes back and is kept as an article."""

import dataclasses

import pytest

from hub.accounts.identity import Identity
from hub.accounts.permissions import ROLES
from hub.knowledge.expert_questions import NewExpertQuestion, Settlement
from hub.knowledge.knowledge import Knowledge
from hub.setup.organization import Department
from hub.store.models import Conversation, Notification, User
from tests.hub.knowledge.conftest import EDITOR, eventually
from tests.hub.knowledge.test_articles import code_of
from tests.hub.support.house import House

EXPERT = Identity(user_id="x", username="expert", display_name="专家", permissions=frozenset({"knowledge.expert"}))
HARD = "跨省流动就业人员的补贴由哪里发放"


@pytest.fixture
def knowledge(house: House) -> Knowledge:
    return house.services.knowledge


async def identity_of(username: str) -> Identity:
    user = await User.get(username=username)
    return Identity(
        user_id=user.user_id,
        username=username,
        display_name=user.display_name,
        permissions=frozenset(ROLES["agent"][1]),
    )


async def told(user_id: str) -> list[tuple[str, str]]:
    rows = await Notification.filter(user_id=user_id).order_by("notification_id")
    return [(row.kind, row.params.get("question", "")) for row in rows if row.kind.startswith("expert_")]


async def test_a_hard_question_goes_through_experts_to_one_answer_for_all_who_asked(
    house: House, knowledge: Knowledge
) -> None:
    questions = knowledge.expert_questions
    zhou, li, chen = [await identity_of(name) for name in ("zhou", "li", "chen")]
    async with house.channel() as channel:
        await channel.write("web:hard", HARD)
        await eventually(lambda: Conversation.filter(address="web:hard").exists())
    conversation = await Conversation.get(address="web:hard")
    asked = await questions.ask(zhou, NewExpertQuestion(question=HARD), conversation.conversation_id)
    again = await questions.ask(li, NewExpertQuestion(question=f"{HARD}？"))
    assert again.question_id == asked.question_id, "the same question has one answer"
    assert await told(chen.user_id) == [("expert_asked", HARD)], "experts are told once"
    await questions.add_opinion(EXPERT, asked.question_id, "由参保地发放")
    both = await questions.add_opinion(EDITOR, asked.question_id, "凭就业登记")
    assert [(one.author_name, one.text) for one in both.opinions] == [("专家", "由参保地发放"), ("编辑", "凭就业登记")]
    settled = await questions.settle(
        EDITOR, asked.question_id, Settlement(answer="由**参保地**发放。", is_published=True)
    )
    assert (settled.state, settled.ended_by) == ("settled", "编辑")
    assert [one.user_name for one in settled.askers] == [zhou.display_name, li.display_name]
    for asker in (zhou, li):
        assert (await told(asker.user_id))[-1] == ("expert_settled", HARD)
    [back] = await questions.of_conversation(zhou, conversation.conversation_id)
    assert back.opinion_count == 2
    assert (back.answer, back.article_id) == ("由**参保地**发放。", settled.article_id)
    article = await knowledge.articles.read(zhou, settled.article_id or "")
    assert (article.row.state, article.content.title, article.content.level) == ("published", HARD, "internal")
    assert (await code_of(questions.settle(EXPERT, asked.question_id, Settlement(answer="别的答案"))))[:2] == (
        409,
        "wrong_state",
    ), "there is one answer only"


async def test_who_may_not_publish_leaves_the_answer_to_be_checked(knowledge: Knowledge) -> None:
    questions = knowledge.expert_questions
    zhou = await identity_of("zhou")
    asked = await questions.ask(zhou, NewExpertQuestion(question=HARD))
    direct = questions.settle(EXPERT, asked.question_id, Settlement(answer="直接发布", is_published=True))
    assert (await code_of(direct))[1] == "forbidden"
    settled = await questions.settle(EXPERT, asked.question_id, Settlement(answer="由参保地发放", title="补贴发放地"))
    article = await knowledge.articles.read(EDITOR, settled.article_id or "")
    assert (article.row.state, article.row.title) == ("in_review", "补贴发放地")


async def test_a_question_is_passed_to_another_department_or_declined_with_a_reason(
    house: House, knowledge: Knowledge
) -> None:
    questions = knowledge.expert_questions
    zhou, chen = await identity_of("zhou"), await identity_of("chen")
    asked = await questions.ask(zhou, NewExpertQuestion(question=HARD))
    assert (await code_of(questions.pass_on(EXPERT, asked.question_id, "nowhere")))[2] == {"department_id": "unknown"}
    department = Department(title={"zh": "就业处"})
    await house.services.organization.departments.save(EDITOR, "jobs", department)
    passed = await questions.pass_on(EXPERT, asked.question_id, "jobs")
    assert passed.department_id == "jobs"
    assert await told(chen.user_id) == [("expert_asked", HARD)] * 2, "without experts there, all are asked"
    declined = await questions.decline(EXPERT, asked.question_id, "请转信访")
    assert (declined.state, declined.answer) == ("declined", "请转信访")
    assert (await told(zhou.user_id))[-1] == ("expert_declined", HARD)
    assert await questions.page("open", offset=0, limit=10) == []


async def test_an_answer_for_few_is_not_shown_to_who_may_not_read_it(knowledge: Knowledge) -> None:
    questions = knowledge.expert_questions
    zhou = await identity_of("zhou")
    asked = await questions.ask(zhou, NewExpertQuestion(question=HARD), "c1")
    few = dataclasses.replace(EXPERT, permissions=EXPERT.permissions | {"knowledge.restricted"})
    await questions.settle(few, asked.question_id, Settlement(answer="内部口径", level="restricted"))
    [hidden] = await questions.of_conversation(zhou, "c1")
    assert (hidden.state, hidden.answer, hidden.article_id) == ("settled", "", None)
    [shown] = await questions.of_conversation(few, "c1")
    assert shown.answer == "内部口径"


async def test_what_a_second_asker_adds_is_kept_and_the_experts_they_name_are_told(
    house: House, knowledge: Knowledge
) -> None:
    questions = knowledge.expert_questions
    zhou, li, chen = [await identity_of(name) for name in ("zhou", "li", "chen")]
    for department_id in ("jobs", "health"):
        await house.services.organization.departments.save(
            EDITOR, department_id, Department(title={"zh": department_id})
        )
    async with house.services.store.work():
        await User.filter(username="admin").update(department_id="jobs")
        await User.filter(username="chen").update(department_id="health")
    asked = await questions.ask(zhou, NewExpertQuestion(question=HARD, details="本市户籍", department_id="jobs"))
    assert await told(chen.user_id) == []
    second = NewExpertQuestion(question=HARD, details="外省户籍", department_id="health")
    for _ in range(2):  # the second time after a lost answer
        await questions.ask(li, second)
    full = await questions.read(asked.question_id)
    assert full.details == f"本市户籍\n\n{li.display_name}: 外省户籍"
    assert await told(chen.user_id) == [("expert_asked", HARD)]


async def test_an_opinion_sent_again_is_said_once(knowledge: Knowledge) -> None:
    asked = await knowledge.expert_questions.ask(await identity_of("zhou"), NewExpertQuestion(question=HARD))
    for _ in range(2):
        full = await knowledge.expert_questions.add_opinion(EXPERT, asked.question_id, "由参保地发放")
    assert len(full.opinions) == 1
