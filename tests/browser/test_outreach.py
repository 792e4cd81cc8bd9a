"""Templates, canned replies, a contact's addresses, bulk sends and messages that are deleted, as people see them."""

from playwright.sync_api import expect

from tests.browser.support.axe import faults_of
from tests.browser.support.looks import assert_clean
from tests.browser.support.people import Agent, People
from tests.journeys.support.house import House


def test_a_template_becomes_a_canned_reply(people: People, house: House, administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/templates/kinds")
    kinds = page.get_by_role("region", name="模板类型")
    kinds.get_by_label("标识").fill("reply")
    kinds.get_by_label("中文名称").fill("常用语")
    kinds.get_by_label("用作常用语").check()
    kinds.get_by_role("button", name="保存").click()
    expect(kinds.get_by_role("button", name="常用语")).to_be_visible()
    page.goto(f"{house.url}/admin/templates/new")
    page.get_by_label("名称", exact=True).fill("医保报销")
    page.get_by_label("内容").fill("{contact_name}您好，请带好身份证。")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", name="医保报销")).to_be_visible()
    assert faults_of(page) == []

    agent, citizen = people.agent("zhou"), people.citizen()
    citizen.ask_for_a_person()
    agent.accept()
    agent.field.fill("/ybbx")
    option = agent.page.get_by_role("option", name="医保报销")
    expect(option).to_be_visible()
    assert faults_of(agent.page) == []
    agent.field.press("Enter")
    assert agent.field.input_value().endswith("您好，请带好身份证。")


def test_an_address_is_added_to_a_contact(people: People) -> None:
    agent, citizen = people.agent("zhou"), people.citizen()
    citizen.ask_for_a_person()
    agent.accept()
    addresses = agent.page.get_by_role("region", name="联系方式")
    addresses.get_by_role("button", name="添加联系方式").click()
    addresses.get_by_label("添加联系方式").fill("wang@example.org")
    addresses.get_by_role("button", name="添加", exact=True).click()
    expect(addresses).to_contain_text("@example.org")
    assert faults_of(agent.page) == []


def test_a_supervisor_deletes_what_a_citizen_sent_by_mistake(people: People) -> None:
    agent, citizen = people.agent("chen"), people.citizen()
    citizen.ask_for_a_person()
    agent.accept()
    citizen.say("我的卡号是 6222020200112233445")
    expect(agent.log).to_contain_text("6222020200112233445")
    agent.page.get_by_role("button", name="更多操作").click()
    agent.page.get_by_role("menuitem", name="删除收到的消息").click()
    dialog = agent.page.get_by_role("dialog")
    dialog.get_by_role("checkbox", name="6222020200112233445").check()
    dialog.get_by_label("删除原因").fill("误发卡号")
    assert faults_of(agent.page) == []
    dialog.get_by_role("button", name="删除", exact=True).click()
    expect(agent.log).to_contain_text("已由 陈静 删除")
    expect(agent.log).not_to_contain_text("6222020200112233445")


def test_the_pages_of_who_writes_first_are_for_everybody(house: House, administrator: Agent) -> None:
    page = administrator.page
    for place in ("outreach/new", "templates/kinds"):
        page.goto(f"{house.url}/admin/{place}")
        expect(page.locator(".admin-form .body")).to_be_visible()
        assert_clean(page, place.replace("/", "-"))


def test_an_address_is_put_on_the_list_and_taken_off(house: House, administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/outreach/do-not-contact")
    form = page.locator(".admin-form")
    form.get_by_label("地址").fill("138 0000 1234")
    form.get_by_role("button", name="添加", exact=True).click()
    row = page.get_by_role("row").filter(has_text="tel:+8613800001234")
    expect(row).to_be_visible()
    row.get_by_role("button", name="移出名单").click()
    expect(row).to_have_count(0)
