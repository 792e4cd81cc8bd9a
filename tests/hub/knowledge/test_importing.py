"""Files of every kind become drafts; broken and hostile ones are named, never a reason to fail."""

from datetime import UTC, datetime
from functools import partial

import pytest

from hub.knowledge.importing.importer import read_file
from hub.knowledge.importing.starters import make_categories, read_starter, starter_articles
from hub.knowledge.knowledge import Knowledge
from hub.service_rules.book import default_rules
from hub.service_rules.evaluating import evaluate
from hub.service_rules.facts import Facts, Written
from hub.service_rules.rules import NumberedRule
from tests.hub.knowledge.conftest import EDITOR, eventually, find, titles
from tests.hub.knowledge.office_files import bomb, sheet, word

MARKDOWN = "引言\n\n# 公积金提取\n\n带身份证。\n\n### 线上\n\n打开 App。\n\n## 公积金贷款\n\n看额度。\n"
HTML = """<html><head><title>办事指南</title><style>p{}</style></head><body><nav>首页</nav>
<h1>居住证</h1><p>满半年&nbsp;可申领。</p><ul><li>身份证<li>照片</ul><script>alert(1)</script></body></html>"""


def read(data: bytes, path: str) -> list[tuple[str, str]]:
    return [(one.content.title, one.content.body) for one in read_file(data, path) if one.content]


def test_markdown_gives_an_article_for_each_of_the_first_two_levels() -> None:
    assert read(MARKDOWN.encode(), "夹/公积金.md") == [
        ("公积金", "引言"),
        ("公积金提取", "带身份证。\n\n### 线上\n\n打开 App。"),
        ("公积金贷款", "看额度。"),
    ]


def test_old_files_in_gb18030_are_read() -> None:
    assert read("停水通知\n明天停水".encode("gb18030"), "通知.txt") == [("通知", "停水通知\n明天停水")]


def test_html_is_read_without_scripts_and_navigation() -> None:
    assert read(HTML.encode(), "a.html") == [("居住证", "满半年 可申领。\n\n- 身份证\n- 照片")]


def test_word_headings_lists_and_tables_are_read() -> None:
    assert read(word(), "医保.docx") == [
        ("异地就医", "先备案。\n\n- 身份证\n- 电话 | 12393"),
        ("医保余额", "在 App 查询。"),
    ]


def test_each_row_of_a_table_is_an_article() -> None:
    data = sheet(
        ("标题", "答案", "关键词", "短码", "类型"),
        ("怎么取公积金", "带身份证", "提取、取钱", "0101", "流程"),
        ("", "x"),
    )
    (only,) = read_file(data, "问答.xlsx")
    assert only.content is not None
    assert (only.content.title, only.content.body) == ("怎么取公积金", "带身份证")
    assert only.content.keywords == ("提取", "取钱")
    assert (only.content.code, only.content.kind) == ("0101", "procedure")


@pytest.mark.parametrize(
    ("data", "path", "problem"),
    [
        pytest.param(b"not a zip", "a.docx", "unreadable", id="no Word file"),
        pytest.param(b"PK\x03\x04 broken", "a.xlsx", "unreadable", id="half an Excel file"),
        pytest.param(b"", "a.md", "empty", id="an empty file"),
        pytest.param(b"MZ\x90", "a.exe", "unsupported", id="a program"),
        pytest.param(b"x", "no_ending", "unsupported", id="no ending"),
        pytest.param(sheet(("甲", "乙"), ("1", "2")), "a.xlsx", "no_title_column", id="a table of something else"),
        pytest.param(b"# t\n" + b"x" * 60_000, "a.md", "too_large", id="a book in one article"),
    ],
)
def test_what_gives_no_article_is_named(data: bytes, path: str, problem: str) -> None:
    assert [one.problem for one in read_file(data, path)] == [problem]


def test_a_small_file_that_unpacks_to_gigabytes_is_refused() -> None:
    assert [one.problem for one in read_file(bomb(), "a.docx")] == ["too_large"]


def test_deep_nesting_in_html_is_read_to_its_end() -> None:
    assert read(b"<div>" * 50_000 + "底".encode(), "a.html") == [("a", "底")]


async def test_ten_kinds_of_callers_come_along_as_cards_that_agents_find_by_code_and_word(knowledge: Knowledge) -> None:
    cards = [one.content for one in starter_articles("callers") if one.content]
    assert [card.code for card in cards] == [f"lx{number:02}" for number in range(1, 11)]
    for card in cards:
        made = await knowledge.articles.make(EDITOR, card)
        await knowledge.articles.publish(EDITOR, made.row.article_id)

    async def is_found(typed: str, title: str) -> bool:
        return title in titles(await find(knowledge, typed))[:1]

    await eventually(partial(is_found, "lx04", "哭诉：伤心、无助"))
    await eventually(partial(is_found, "反复来电", "纠缠：同一件事反复来电"))


async def test_two_dozen_departments_and_everyday_services_come_along_with_their_numbers(knowledge: Knowledge) -> None:
    for name in ("departments", "everyday"):
        for _ in range(2):
            await make_categories(knowledge.categories, EDITOR, name, remote="")
        for one in starter_articles(name):
            assert one.content
            made = await knowledge.articles.make(EDITOR, one.content)
            await knowledge.articles.publish(EDITOR, made.row.article_id)
    shown = {one.category_id: one for one in await knowledge.categories.all()}
    departments = [one for one in shown.values() if one.parent_id == "departments"]
    assert len(departments) >= 20
    assert all(one.articles >= 2 for one in departments), "each says what it does and answers something"
    areas = {"bank-pay", "food", "fun", "home", "hotels", "power-water", "shopping", "telecom", "travel"}
    everyday = {one.category_id for one in shown.values() if one.parent_id == "everyday"}
    assert everyday == {f"life-{area}" for area in areas}

    async def leads(typed: str, title: str) -> bool:
        return title in titles(await find(knowledge, typed))[:1]

    await eventually(partial(leads, "12393", "转介：医疗保障归谁管、打什么电话"))
    await eventually(partial(leads, "外卖没送到", "外卖没送到、少送、有异物怎么投诉"))


def test_every_department_of_the_starter_has_a_referral_with_its_number() -> None:
    starter = read_starter("departments")
    places = {one.category_id for one in starter.categories if one.parent_id}
    referrals = {one.category_id: one for one in starter.articles if one.kind == "referral"}
    assert referrals.keys() == places
    assert all("**电话**：1" in one.body and "**不归这里**" in one.body for one in referrals.values())


def test_phrases_for_every_moment_come_along_and_keep_the_service_rules() -> None:
    cards = {one.code: one for one in read_starter("phrases").articles}
    moments = ("开头语", "节日问候", "外呼开头语", "久等", "转接", "超出受理范围", "结束语", "特殊情况", "沉默来电")
    assert [one for one in moments if not any(one in card.title for card in cards.values())] == []
    assert cards["yy15"].body.count("\n") + 1 == 14, "the polite phrases"
    rules = [NumberedRule(rule_id=rule_id, version=0, rule=one) for rule_id, one in default_rules().items()]
    forbidden = [one for one in rules if one.rule.measure == "forbidden_phrase" and one.rule.speaker == "agent"]
    at = datetime(2026, 3, 2, 1, tzinfo=UTC)
    said = tuple(
        Written(f"e{number}", "agent", "a", at, line.removeprefix("- "))
        for number, line in enumerate(line for card in cards.values() for line in card.body.splitlines())
    )
    assert forbidden
    assert evaluate(forbidden, Facts(channel="web", written=said)) == []
