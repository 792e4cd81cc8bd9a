"""A work order from the conversation it comes from to its close, by the three people it takes."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.support.looks import assert_clean, assert_reflows
from tests.browser.support.people import Agent, People

PASSWORD = "qinglong-shan-8831"  # what the department's man chooses at his first log-in
NUMBER = r"^\d{8}-\d{4}"


@pytest.fixture
def wang(people: People, administrator: Agent) -> Agent:
    """Return somebody who answers for a department."""
    administrator.call("PUT", "/departments/gardens", title={"zh": "园林局", "en": "Gardens"})
    account = {"username": "wang", "display_name": "王工", "work_number": "5001"}
    made = administrator.call("POST", "/users", **account, role_ids=["department"], department_id="gardens")
    wang = people.agent()
    wang.log_in("wang", made["password"])
    wang.change_password(made["password"], PASSWORD)
    return wang


def order_shown(person: Agent) -> Locator:
    """Return the order that the page of orders shows."""
    return person.page.get_by_role("article", name=re.compile(NUMBER))


def order_number(entry: Locator) -> str:
    """Return the number of the order in a list; what else it says is found once the index has it, a little later."""
    found = re.match(NUMBER, entry.inner_text().strip())
    assert found, entry.inner_text()
    return found[0]


def test_an_order_is_made_answered_seen_and_closed(people: People, wang: Agent) -> None:
    expect(wang.page).to_have_url(re.compile("/orders$"))  # what somebody of a department is here for
    zhou, chen, citizen = people.agent("zhou"), people.agent("chen"), people.citizen()
    zhou.watch.tolerate("status of 422", "/work-orders")
    chen.choose_state("忙碌")
    citizen.ask_for_a_person()
    zhou.accept()

    panel = zhou.page.get_by_role("region", name="未结工单")
    expect(panel).to_contain_text("没有未结工单")
    panel.get_by_role("button", name="建工单").press("Enter")
    dialog = zhou.page.get_by_role("dialog", name="新建工单")
    expect(dialog.get_by_label("姓名")).to_have_value("")  # the hub made theirs up
    dialog.get_by_label("类别").select_option(label="求助")
    dialog.get_by_label("责任部门").select_option(label="园林局")
    dialog.get_by_role("button", name="建工单").click()
    expect(dialog.get_by_label("地址")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_label("具体内容")).to_have_attribute("aria-invalid", "true")
    assert_clean(zhou.page, "order-dialog")
    for label, words in (("姓名", "罗大妈"), ("地址", "光明街 5 号"), ("联系方式", "13955107777")):
        dialog.get_by_label(label).fill(words)
    dialog.get_by_label("具体内容").fill("门前大树倾斜，怕砸到人")
    dialog.get_by_role("button", name="建工单").press("Enter")
    expect(dialog).to_have_count(0)
    expect(panel.get_by_role("link")).to_contain_text("待答复")
    expect(zhou.log.get_by_role("link", name=re.compile("建了工单"))).to_be_visible()

    entry = wang.page.get_by_role("region", name="工单", exact=True).get_by_role("link", name=re.compile("罗大妈"))
    expect(entry).to_be_visible()
    number = order_number(entry)
    wang.page.get_by_role("searchbox").fill(number)
    entry.click()
    article = order_shown(wang)
    expect(article).to_contain_text("13955107777")
    assert_clean(wang.page, "orders")
    assert_reflows(wang.page)
    article.get_by_role("textbox", name="答复").fill("已扶正加固")
    article.get_by_role("button", name="提交答复").click()
    expect(article).to_contain_text("待回访")

    expect(panel.get_by_role("link")).to_contain_text("待回访")
    expect(zhou.log.get_by_role("link", name=re.compile("答复了工单"))).to_be_visible()
    zhou.page.get_by_role("button", name="提醒与备忘").click()
    zhou.page.get_by_role("button", name=re.compile("已答复，请转告市民")).click()
    expect(order_shown(zhou)).to_contain_text("已扶正加固")

    chen.page.keyboard.press("Control+k")
    chen.page.get_by_role("combobox", name="搜索").fill(number)
    chen.page.get_by_role("option", name=re.compile(NUMBER)).click()
    chen.page.get_by_role("button", name="回访办结").click()
    dialog = chen.page.get_by_role("dialog", name="回访办结")
    dialog.get_by_label("回访结果").select_option(label="满意")
    dialog.get_by_label("回访记录").fill("市民很满意")
    dialog.get_by_role("button", name="保存").click()
    expect(order_shown(chen)).to_contain_text("已办结")
    expect(order_shown(zhou)).to_contain_text("市民很满意")
