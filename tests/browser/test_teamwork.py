"""What agents do together: two on one conversation, an end undone, a snooze, a chat, a bulletin, a mention."""

import re

from playwright.sync_api import expect

from tests.browser.support.people import People


def test_an_end_is_undone_and_two_agents_know_of_each_other(people: People) -> None:
    zhou, chen, citizen = people.agent("zhou"), people.agent("chen"), people.citizen()
    chen.choose_state("忙碌")
    citizen.ask_for_a_person()
    zhou.accept()
    chen.page.goto(zhou.page.url)
    expect(zhou.page.get_by_text("陈静 也在查看此会话")).to_be_visible()
    chen.field.press_sequentially("我来")
    expect(zhou.page.get_by_text("陈静 正在此会话中输入")).to_be_visible()
    expect(chen.page.get_by_text("周敏 也在查看此会话")).to_be_visible()

    zhou.field.fill("您还有别的问题吗？")
    zhou.end()
    undo = zhou.page.get_by_role("button", name="撤销")
    expect(undo).to_be_visible()
    zhou.page.keyboard.press("Alt+z")
    expect(undo).to_have_count(0)
    expect(zhou.field).to_have_value("您还有别的问题吗？")
    zhou.field.press("Enter")
    expect(citizen.log.get_by_text("您还有别的问题吗？")).to_be_visible()
    assert "评价" not in citizen.log.inner_text()

    zhou.page.get_by_role("button", name="更多操作").press("Enter")
    expect(zhou.page.get_by_role("menuitem", name="搁置…")).to_be_focused()
    zhou.page.keyboard.press("Enter")
    dialog = zhou.page.get_by_role("dialog", name=re.compile("^搁置"))
    dialog.get_by_role("radio", name="下一个工作日").check()
    dialog.get_by_role("button", name="搁置", exact=True).click()
    expect(zhou.rows).to_have_count(0)
    zhou.page.get_by_role("tab", name=re.compile("^搁置")).click()
    expect(zhou.rows).to_have_count(1)
    citizen.say("还有一件事")
    expect(zhou.page.get_by_role("button", name="提醒与备忘")).to_contain_text("1")
    zhou.page.get_by_role("button", name="提醒与备忘").click()
    zhou.page.get_by_role("button", name=re.compile("搁置的会话已恢复")).click()
    expect(zhou.entry("还有一件事")).to_be_visible()


def test_colleagues_write_to_each_other_and_confirm_a_bulletin(people: People) -> None:
    zhou, chen, citizen = people.agent("zhou"), people.agent("chen"), people.citizen()
    chen.choose_state("忙碌")
    chen.page.get_by_role("link", name="内部沟通").click()
    chen.page.get_by_role("link", name="通知").click()
    chen.page.get_by_role("button", name="发布通知").click()
    dialog = chen.page.get_by_role("dialog", name="发布通知")
    dialog.get_by_label("标题").fill("城东停水")
    dialog.get_by_label("内容").fill("今晚八点到十点")
    dialog.get_by_role("button", name="发布", exact=True).click()
    rail = zhou.page.get_by_role("link", name=re.compile("^内部沟通"))
    expect(rail).to_contain_text("1")
    rail.click()
    zhou.page.get_by_role("link", name=re.compile("^通知")).click()
    zhou.page.get_by_role("button", name="我已阅读").click()
    expect(rail).not_to_contain_text("1")
    chen.page.get_by_role("button", name="阅读情况").click()
    expect(chen.page.get_by_role("listitem").filter(has_text="李")).to_contain_text("未确认")
    expect(chen.page.get_by_role("listitem").filter(has_text="周敏")).not_to_contain_text("未确认")

    zhou.page.get_by_role("button", name="发起聊天").click()
    zhou.page.get_by_role("combobox", name="成员").press_sequentially("陈")
    zhou.page.get_by_role("option", name=re.compile("陈静")).click()
    zhou.page.keyboard.press("Escape")
    zhou.page.get_by_role("button", name="开始").click()
    zhou.page.get_by_role("textbox", name=re.compile("^写给同事")).fill("请帮我看一下")
    zhou.page.keyboard.press("Enter")
    chen.page.get_by_role("link", name=re.compile("周敏")).click()
    expect(chen.page.get_by_role("log", name="聊天消息")).to_contain_text("请帮我看一下")

    zhou.page.get_by_role("link", name="工作台").click()
    citizen.ask_for_a_person()
    zhou.accept()
    zhou.page.get_by_role("button", name="内部备注").click()
    note = zhou.page.get_by_role("textbox", name="内部备注")
    note.press_sequentially("@陈")
    expect(zhou.page.get_by_role("listbox", name="提醒同事")).to_be_visible()
    note.press("Enter")
    note.press_sequentially("请看")
    note.press("Enter")
    expect(zhou.entry("@陈静 请看")).to_be_visible()
    expect(chen.page.get_by_role("button", name="提醒与备忘")).to_contain_text("1")
