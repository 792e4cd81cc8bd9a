"""axe finds nothing by WCAG 2.2 AA, at three widths and in every scheme; dialogs have names and give the focus back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.support.looks import assert_clean, assert_reflows
from tests.browser.support.pages import listed_pages, routes
from tests.browser.support.people import Agent, People
from tests.journeys.support.house import House

AT_ONCE = 3  # pages in one test
LISTED = [
    addresses[at : at + AT_ONCE] for addresses in listed_pages().values() for at in range(0, len(addresses), AT_ONCE)
]
EMPTY = {  # lists of which a new house has nothing; every other one has an entry, which opens a form
    *(f"/admin/{name}" for name in ("connectors", "groups", "skills", "departments", "named-numbers")),
    *(f"/quality/{name}" for name in ("own", "reviews", "cases", "appeals")),
}
ELSEWHERE = {  # what is no page of a menu, and what looks at it
    "/": "leads to the desk",
    "/:rest(.*)*": "leads to the desk",
    "/admin": "leads to its first page",
    "/quality": "leads to its first page",
    "/knowledge/edit": "leads to its first page",
    "/login": "test_the_log_in_page",
    "/desk/:conversationId?": "test_the_desk_from_the_first_offer_to_the_wrap_up",
    "/team/:roomId?": "test_what_colleagues_tell_each_other_and_the_tray",
    "/orders/:orderId([0-9a-f-]{36})?": "test_work_orders.py",
    "/knowledge/:articleId([0-9a-f-]{36})?": "test_knowledge.py",
    "/wallboard": "test_wallboard.py",
    "/wallboard/reports": "test_wallboard.py",
}


def test_no_page_of_the_router_is_forgotten() -> None:
    assert routes() == ELSEWHERE.keys()


def test_the_log_in_page(people: People) -> None:
    agent = people.agent()
    agent.page.goto(agent.url)
    expect(agent.page.get_by_label("用户名")).to_be_focused()
    assert_clean(agent.page, "login")


def test_the_desk_from_the_first_offer_to_the_wrap_up(people: People) -> None:
    agent, citizen = people.agent(), people.citizen()
    agent.log_in("zhou")
    expect(agent.page.get_by_role("button", name="开始值班")).to_be_visible()
    assert_clean(agent.page, "shift")
    agent.page.get_by_role("button", name="开始值班").click()
    expect(agent.page.get_by_text("手头没有会话")).to_be_visible()
    assert_clean(agent.page, "desk-empty")
    citizen.ask_for_a_person()
    expect(agent.offer).to_be_visible()
    assert_clean(agent.page, "desk-offer")
    agent.accept()
    citizen.say("我家暖气不热，只有 14 度，家里有 80 岁的老人")
    citizen.send_picture("暖气.png")
    agent.say("您好，请告诉我您的小区和楼号。")
    expect(agent.log.get_by_role("img", name="暖气.png")).to_be_visible()
    expect(agent.entry("请告诉我")).to_contain_text("已读")
    agent.page.get_by_role("button", name="内部备注").click()
    agent.page.get_by_role("textbox", name="内部备注").fill("老人独居")
    agent.page.get_by_role("button", name="保存备注").click()
    expect(agent.entry("老人独居")).to_be_visible()
    assert_clean(agent.page, "desk-thread")
    assert_reflows(agent.page)
    agent.page.get_by_role("button", name="编辑联系人").click()
    assert_clean(agent.page, "desk-contact")
    agent.page.get_by_role("button", name="转接", exact=True).click()
    assert_clean(agent.page, "desk-transfer")
    agent.page.keyboard.press("Escape")
    agent.end()
    expect(agent.page.get_by_role("form", name="小结")).to_be_visible()
    assert_clean(agent.page, "desk-wrap-up")


def test_what_colleagues_tell_each_other_and_the_tray(people: People) -> None:
    agent, chen = people.agent("zhou"), people.agent("chen")
    colleague = chen.call("GET", "/session")["user_id"]
    room = agent.call("POST", "/rooms", member_ids=[colleague])
    chen.call("POST", f"/rooms/{room['room_id']}/messages", client_id="m1", text="看一下 https://example.org")
    chen.call("POST", "/bulletins", title="城东停水", text="今晚八点到十点")
    agent.call("POST", "/todos", text="回电", due_at="2026-01-01T00:00:00Z")
    agent.page.goto(f"{agent.url}/team/{room['room_id']}")
    expect(agent.page.get_by_role("log", name="聊天消息")).to_contain_text("看一下")
    assert_clean(agent.page, "team-room")
    agent.page.goto(f"{agent.url}/team/bulletins")
    expect(agent.page.get_by_role("button", name="我已阅读")).to_be_visible()
    assert_clean(agent.page, "team-bulletins")
    tray = agent.page.get_by_role("button", name="提醒与备忘")
    tray.press("Enter")
    expect(agent.page.get_by_role("dialog", name="提醒与备忘")).to_contain_text("我的今天")
    assert_clean(agent.page, "tray")
    agent.page.keyboard.press("Escape")
    expect(tray).to_be_focused()
    agent.page.get_by_role("button", name="我已阅读").click()
    expect(agent.page.get_by_role("button", name="我已阅读")).to_have_count(0)


def test_the_public_page_and_the_chat_window(people: People) -> None:
    citizen = people.citizen()
    citizen.page.goto(f"{citizen.url}/public")
    expect(citizen.chat.get_by_role("button", name="在线咨询")).to_be_visible()
    assert_clean(citizen.page, "public")
    citizen.open()
    citizen.say("社保")
    expect(citizen.log).to_contain_text("社保卡补办")
    assert_clean(citizen.page, "widget")


@pytest.mark.parametrize("addresses", LISTED, ids=lambda addresses: addresses[0].rpartition("/")[2])
def test_the_pages_of_menus(house: House, administrator: Agent, addresses: list[str]) -> None:
    page = administrator.page
    for address in addresses:
        page.goto(f"{house.url}{address}", wait_until="networkidle", timeout=60_000)
        expect(page).to_have_url(f"{house.url}{address}")
        expect(page.get_by_role("heading").first).to_be_visible()
        expect(page.get_by_text("正在加载")).to_have_count(0)
        name = address.strip("/").replace("/", "-")
        assert_clean(page, name)
        assert_reflows(page)
        if page.locator(".admin-list").count() and address not in EMPTY:  # the list stands there with its heading
            page.locator(".admin-entry").first.click()
            expect(page.locator(".admin-form .body")).to_be_visible()
            expect(page.get_by_text("正在加载")).to_have_count(0)
            assert_clean(page, f"{name}-form")


def test_dialogs_have_names_and_give_the_focus_back(people: People) -> None:
    agent, citizen = people.agent("zhou"), people.citizen()
    citizen.ask_for_a_person()
    agent.accept()
    page = agent.page
    transfer = page.get_by_role("button", name="转接", exact=True)
    transfer.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=re.compile("^转接"))
    expect(dialog).to_be_visible()
    page.keyboard.press("Tab")
    assert dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(transfer).to_be_focused()
    menu = page.get_by_role("button", name="周敏的菜单")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="显示与声音")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    for item, name in (("显示与声音", "显示与声音"), ("快捷键", "快捷键")):
        page.keyboard.press("Enter")
        page.get_by_role("menuitem", name=item).press("Enter")
        dialog = page.get_by_role("dialog", name=name)
        expect(dialog).to_be_visible()
        assert_clean(page, f"dialog-{name}")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(menu).to_be_focused()
    agent.end()
    expect(page.get_by_role("radio", name="当场答复")).to_be_visible()


def test_every_dialog_of_a_conversation_has_a_name_and_gives_the_focus_back(people: People) -> None:
    chen, citizen = people.agent("chen"), people.citizen()
    citizen.ask_for_a_person()
    chen.accept()
    page = chen.page
    more = page.get_by_role("button", name="更多操作")
    for item, name in (
        ("搁置…", "^搁置与"),
        ("记备忘…", "备忘$"),
        ("建工单…", "^新建工单"),
        ("合并会话…", "^合并"),
        ("拆分会话…", "^拆分与"),
        ("拉黑或提醒…", "^拉黑"),
    ):
        more.press("Enter")
        page.get_by_role("menuitem", name=item).press("Enter")
        dialog = page.get_by_role("dialog", name=re.compile(name))
        expect(dialog).to_be_visible()
        page.keyboard.press("Tab")
        assert dialog.evaluate("dialog => dialog.contains(document.activeElement)"), item
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(more).to_be_focused()
    chen.end()


def test_comboboxes_are_named_and_used_by_keys(people: People) -> None:
    agent, colleague, citizen = people.agent("zhou"), people.agent("li"), people.citizen()
    colleague.choose_state("忙碌")
    citizen.ask_for_a_person()
    agent.accept()
    page = agent.page

    # the search: its list belongs to it, the option that Enter would open is told
    page.keyboard.press("Control+k")
    search = page.get_by_role("combobox", name="搜索")
    expect(search).to_be_focused()
    search.fill("暖气")
    found = page.get_by_role("listbox", name="搜索")
    expect(found.get_by_role("option").first).to_be_visible()
    expect(search).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    active = search.get_attribute("aria-activedescendant")
    expect(found.locator(f"[id='{active}']")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(found).to_have_count(0)

    # a choice in a dialog: Escape closes the list first, the dialog stays
    page.get_by_role("button", name="转接", exact=True).press("Enter")
    dialog = page.get_by_role("dialog", name=re.compile("^转接"))
    dialog.get_by_role("radio", name="坐席").check()
    who = dialog.get_by_role("combobox", name="坐席")
    who.press("Enter")
    expect(who).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("option", name=re.compile("^李强"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(who).to_have_attribute("aria-expanded", "false")
    expect(dialog).to_be_visible()
    who.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(who).to_have_attribute("aria-expanded", "false")
    expect(dialog.get_by_text("李强")).to_be_visible()
    dialog.get_by_role("textbox", name="给接手人的备注").press("Escape")
    expect(dialog).to_have_count(0)
    agent.end()


def test_the_chat_window_is_a_named_dialog_that_gives_the_focus_back(people: People) -> None:
    citizen = people.citizen()
    citizen.open()
    expect(citizen.chat.get_by_role("dialog", name="便民热线在线服务")).to_be_visible()
    citizen.page.keyboard.press("Escape")
    expect(citizen.chat.get_by_role("dialog")).to_have_count(0)
    expect(citizen.chat.get_by_role("button", name="在线咨询")).to_be_focused()
    citizen.page.get_by_role("link", name="开始聊天").click()
    expect(citizen.chat.get_by_role("dialog", name="便民热线在线服务")).to_be_visible()
    citizen.page.keyboard.press("Escape")
    expect(citizen.page.get_by_role("link", name="开始聊天")).to_be_focused()
