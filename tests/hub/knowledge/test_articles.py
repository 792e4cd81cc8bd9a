"""An article's life: drafts, checks, versions, variants, what readers say; and the tree it stands in."""

from datetime import timedelta
from typing import get_args

import pytest

from core.events.knowledge import ArticleKind
from hub.accounts.identity import Identity
from hub.accounts.permissions import ROLES
from hub.errors import ApiError
from hub.knowledge.categories import CategoryEdit
from hub.knowledge.differences import DiffLine, difference
from hub.knowledge.finding import Wanted
from hub.knowledge.knowledge import Knowledge
from hub.knowledge.marks import Part, marked, plain_text, snippet, spoken_lines
from hub.knowledge.views import ArticleContent
from tests.hub.knowledge.conftest import AGENT, EDITOR, published
from tests.hub.support.house import House

WRITER = Identity(user_id="w", username="writer", display_name="撰写", permissions=frozenset(ROLES["supervisor"][1]))


@pytest.fixture
def knowledge(house: House) -> Knowledge:
    return house.services.knowledge


async def code_of(awaitable: object) -> tuple[int, str, dict[str, str]]:
    with pytest.raises(ApiError) as caught:
        await awaitable  # type: ignore[misc]
    return caught.value.status, caught.value.code, caught.value.fields


async def test_an_article_goes_from_draft_through_a_check_to_publication(knowledge: Knowledge) -> None:
    articles = knowledge.articles
    made = await articles.make(WRITER, ArticleContent(title="办事大厅", body="九点开门"))
    article_id = made.row.article_id
    assert (await code_of(articles.read(AGENT, article_id)))[1] == "not_found"
    assert (await articles.submit(WRITER, article_id, remote="")).state == "in_review"
    assert (await articles.give_back(EDITOR, article_id, "写明星期", remote="")).state == "draft"
    (comment,) = await knowledge.feedback.comments(article_id)
    assert (comment.kind, comment.text, comment.author_name) == ("returned", "写明星期", "编辑")
    better = ArticleContent(title="办事大厅", body="周一至周五九点开门")
    await articles.save(WRITER, article_id, better, base=1, note="补充", remote="")
    read = await articles.publish(EDITOR, article_id)
    assert (read.version, read.content.body) == (2, "周一至周五九点开门")
    assert [
        (one.version, one.author_name, one.publisher_name) for one in (await articles.read(AGENT, article_id)).versions
    ] == [(2, "撰写", "编辑")]


async def test_a_retired_article_is_history_for_editors_only(knowledge: Knowledge) -> None:
    article_id = (await published(knowledge, "旧规定")).row.article_id
    await knowledge.articles.retire(EDITOR, article_id, remote="")
    assert (await code_of(knowledge.articles.read(AGENT, article_id, 1)))[0] == 404
    assert (await knowledge.articles.read(EDITOR, article_id, 1)).content.title == "旧规定"


async def test_two_who_write_at_once_do_not_overwrite_each_other(knowledge: Knowledge) -> None:
    article = await published(knowledge, "甲")
    article_id = article.row.article_id
    await knowledge.articles.save(WRITER, article_id, ArticleContent(title="乙"), base=1, note="", remote="")
    second = knowledge.articles.save(EDITOR, article_id, ArticleContent(title="丙"), base=1, note="", remote="")
    assert (await code_of(second))[:2] == (409, "edited_meanwhile")
    assert (await knowledge.articles.read(AGENT, article_id)).content.title == "甲"


async def test_every_fault_of_an_article_is_named(knowledge: Knowledge) -> None:
    await published(knowledge, "占用短码", code="0808")
    today = knowledge.articles._units.now().date()
    content = ArticleContent(
        title=" ",
        code="0808",
        category_id="nowhere",
        variant_of="nobody",
        valid_from=today,
        valid_to=today - timedelta(days=1),
    )
    _, code, fields = await code_of(knowledge.articles.make(WRITER, content))
    assert code == "invalid"
    assert fields == {
        "title": "empty",
        "code": "taken",
        "category_id": "unknown",
        "variant_of": "unknown",
        "valid_to": "before_valid_from",
    }


async def test_a_region_s_own_article_is_shown_beside_the_general_one(knowledge: Knowledge) -> None:
    base = await published(knowledge, "高温补贴", "每月两百元\n六月至九月")
    own = await published(
        knowledge, "高温补贴", "每月三百元\n六月至九月", region="滨海新区", variant_of=base.row.article_id
    )
    read = await knowledge.articles.read(AGENT, base.row.article_id)
    assert [(one.article_id, one.region) for one in read.variants] == [(own.row.article_id, "滨海新区")]
    shown = difference(read.content, own.content)
    assert shown.lines == [
        DiffLine("gone", "每月两百元"),
        DiffLine("new", "每月三百元"),
        DiffLine("same", "六月至九月"),
    ]
    assert ("region", "", "滨海新区") in [(one.field, one.before, one.after) for one in shown.fields]


async def test_each_kind_of_content_is_looked_through_on_its_own(knowledge: Knowledge) -> None:
    for kind in get_args(ArticleKind):
        await published(knowledge, f"一条{kind}", kind=kind)
    for kind in get_args(ArticleKind):
        browsed = await knowledge.finder.find(AGENT, Wanted(text="", kind=kind, limit=50))
        assert f"一条{kind}" in {one.article.title for one in browsed.items}
        assert {one.article.kind for one in browsed.items} == {kind}


async def test_what_expires_soon_is_listed_for_editors(house: House, knowledge: Knowledge) -> None:
    today = house.services.clock.now().date()
    await published(knowledge, "下周到期", valid_to=today + timedelta(days=7))
    await published(knowledge, "明年到期", valid_to=today + timedelta(days=300))
    page = await knowledge.articles.page(EDITOR, "expiring", category_id="", words="", offset=0, limit=10)
    assert [one.title for one in page.items] == ["下周到期"]


async def test_restricted_articles_are_not_there_for_agents(knowledge: Knowledge) -> None:
    article = await published(knowledge, "处置口径", level="restricted")
    article_id = article.row.article_id
    assert (await code_of(knowledge.articles.read(AGENT, article_id)))[0] == 404
    assert (await code_of(knowledge.feedback.comment(AGENT, article_id, "remark", "x")))[0] == 404
    assert (await knowledge.articles.read(EDITOR, article_id)).content.title == "处置口径"


async def test_an_error_report_waits_until_an_editor_has_dealt_with_it(knowledge: Knowledge) -> None:
    article = await published(knowledge, "停车收费")
    said = await knowledge.feedback.comment(AGENT, article.row.article_id, "error", "价格已调整")
    assert [one.comment_id for one in await knowledge.feedback.comments()] == [said.comment_id]
    assert (await knowledge.feedback.resolve(EDITOR, said.comment_id)).resolved_by == "编辑"
    assert await knowledge.feedback.comments() == []


async def test_the_same_question_without_an_answer_is_counted(knowledge: Knowledge) -> None:
    for question in ("宠物医院几点关门？", "宠物医院几点关门", "  "):
        await knowledge.feedback.report_unanswered(question)
    (listed,) = await knowledge.feedback.unanswered()
    assert (listed.question, listed.asked) == ("宠物医院几点关门？", 2)
    await knowledge.feedback.close_unanswered(EDITOR, listed.unanswered_id)
    assert await knowledge.feedback.unanswered() == []


async def test_categories_form_a_tree_that_stays_one(knowledge: Knowledge) -> None:
    categories = knowledge.categories
    title = {"zh": "交通"}
    await categories.save(EDITOR, "traffic", CategoryEdit(title=title), remote="")
    await categories.save(EDITOR, "bus", CategoryEdit(title=title, parent_id="traffic"), remote="")
    below_itself = categories.save(EDITOR, "traffic", CategoryEdit(title=title, parent_id="bus"), remote="")
    assert (await code_of(below_itself))[2] == {"parent_id": "below_itself"}
    assert (await code_of(categories.delete(EDITOR, "traffic", remote="")))[1] == "not_empty"
    await published(knowledge, "公交卡", category_id="bus")
    counts = {one.category_id: one.articles for one in await categories.all()}
    assert (counts["traffic"], counts["bus"]) == (1, 1)
    assert await categories.path("bus") == ("traffic", "bus")


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("## 材料\n- **身份证**\n1. 申请", "材料\n• 身份证\n1. 申请"),
        ("见[公告](https://example.org/a)。", "见公告。"),
    ],
)
def test_markdown_becomes_plain_text_for_a_message(markdown: str, plain: str) -> None:
    assert plain_text(markdown) == plain


def test_the_stretch_with_most_words_is_shown_and_marked() -> None:
    text = "无关" * 60 + "公积金可以提取，带身份证。"
    shown = snippet(text, ("公积金", "身份证"))
    assert [part.text for part in shown if part.is_hit] == ["公积金", "身份证"]
    assert marked("a(b", ("(", "")) == [Part("a"), Part("(", True), Part("b")]
    assert marked("", ("x",)) == []


def test_an_article_is_read_out_by_lines_and_long_lines_by_sentences() -> None:
    long = "请" * 80 + "。" + "带" * 60 + "！"
    assert spoken_lines("标题", f"第一\n\n {long}\n") == ["标题", "第一", "请" * 80 + "。", "带" * 60 + "！"]
    assert spoken_lines("标题", "") == ["标题"]
