"""A whole conversation without a mouse, and what the focus must never do."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.support.people import People

PASSWORD = "lianxin-demo"
MANY = 40


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until ``target`` has the focus, as somebody without a mouse does."""
    for _ in range(MANY):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            continue  # once around
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        inside = page.evaluate(
            "document.activeElement.closest('.composer, .el-select, .search, [role=radiogroup], .code')"
        )
        assert ring != "none" or inside is not None, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
    raise AssertionError(f"Tab never reaches {target}")


def test_an_agent_serves_from_log_in_to_wrap_up_by_keyboard_only(people: People) -> None:
    agent, citizen = people.agent(), people.citizen()
    page, keys = agent.page, agent.page.keyboard
    page.goto(agent.url)
    expect(page.get_by_label("用户名")).to_be_focused()
    keys.type("zhou")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    start = page.get_by_role("button", name="开始值班")
    expect(start).to_be_enabled()
    tab_to(page, start)
    keys.press("Enter")
    expect(page.get_by_role("button", name="我的状态")).to_contain_text("可接待")

    citizen.ask_for_a_person()
    expect(agent.offer).to_be_visible()
    keys.press("Alt+a")
    expect(agent.log).to_be_visible()
    tab_to(page, agent.field)
    keys.type("您好")
    keys.press("Shift+Enter")
    keys.type("请讲")
    keys.press("Enter")
    expect(citizen.log).to_contain_text("您好\n请讲")
    citizen.say("路灯坏了")
    expect(agent.entry("路灯坏了")).to_be_visible()

    tab_to(page, page.get_by_role("button", name="内部备注"))
    keys.press("Enter")
    tab_to(page, page.get_by_role("textbox", name="内部备注"))
    keys.type("已通知市政")
    keys.press("Enter")
    expect(agent.entry("已通知市政")).to_contain_text("内部备注")

    keys.press("?")  # typed into the field, it is a letter
    expect(page.get_by_role("dialog")).to_have_count(0)
    keys.press("Backspace")
    tab_to(page, page.get_by_role("button", name="结束", exact=True))
    keys.press("Enter")
    radio = page.get_by_role("radio", name="当场答复")
    expect(radio).to_be_visible()
    tab_to(page, radio)
    keys.press("Space")
    tab_to(page, page.get_by_role("textbox", name="小结", exact=True))
    keys.type("路灯坏了，已通知市政")
    keys.press("Alt+w")
    expect(page.get_by_text("的会话已完成")).to_be_visible()


def test_menus_open_move_and_act_by_keyboard(people: People) -> None:
    agent = people.agent("zhou")
    page, keys = agent.page, agent.page.keyboard
    divider = page.get_by_role("separator", name="会话列表的宽度")
    usual = divider.get_attribute("aria-valuenow") or ""
    tab_to(page, divider)
    keys.press("ArrowRight")
    expect(divider).not_to_have_attribute("aria-valuenow", usual)
    wider = divider.get_attribute("aria-valuenow") or ""
    page.reload()
    expect(divider).to_have_attribute("aria-valuenow", wider)
    tab_to(page, divider)
    keys.press("Enter")
    expect(divider).to_have_attribute("aria-valuenow", usual)
    keys.press("Control+k")
    expect(page.get_by_role("combobox", name="搜索")).to_be_focused()
    tab_to(page, page.get_by_role("button", name="周敏的菜单"))
    keys.press("Enter")
    expect(page.get_by_role("menuitem", name="显示与声音")).to_be_focused()
    keys.press("End")
    expect(page.get_by_role("menuitem", name="退出登录")).to_be_focused()
    keys.press("Enter")
    expect(page).to_have_url(re.compile("/login"))


def test_an_offer_never_takes_the_focus_from_a_half_written_answer(people: People) -> None:
    agent, citizen, other = people.agent("zhou"), people.citizen(), people.citizen()
    citizen.ask_for_a_person()
    agent.accept()
    agent.field.press_sequentially("请您先")
    other.ask_for_a_person()
    expect(agent.offer).to_be_visible()
    expect(agent.field).to_be_focused()
    agent.page.keyboard.type("关阀门")
    expect(agent.field).to_have_value("请您先关阀门")
    decline = agent.offer.get_by_role("button", name="谢绝")
    decline.press("Enter")
    agent.page.keyboard.press("ArrowDown")
    agent.page.keyboard.press("Enter")
    expect(agent.offer).to_have_count(0)


def test_the_arrows_walk_through_the_list(people: People) -> None:
    agent, citizens = people.agent("zhou"), [people.citizen(), people.citizen()]
    for number, citizen in enumerate(citizens):
        citizen.ask_for_a_person()
        agent.accept()
        agent.say(f"您是第 {number} 位")
        expect(citizen.log).to_contain_text("您是第")
    expect(agent.rows).to_have_count(2)
    agent.page.get_by_role("listbox", name="会话列表").focus()
    agent.page.keyboard.press("ArrowDown")
    agent.page.keyboard.press("ArrowUp")
    selected = agent.page.get_by_role("option", selected=True)
    expect(selected).to_have_count(1)
    active = agent.page.get_by_role("listbox", name="会话列表").get_attribute("aria-activedescendant")
    assert selected.get_attribute("id") == active
    agent.page.keyboard.press("Alt+2")
    expect(agent.rows.nth(1)).to_have_attribute("aria-selected", "true")
    agent.page.keyboard.press("Alt+1")
    expect(agent.rows.nth(0)).to_have_attribute("aria-selected", "true")
