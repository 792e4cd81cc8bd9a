"""A newcomer's first path, both sides in real browsers: from the public page to the rating."""

import re

from playwright.sync_api import expect

from tests.browser.support.people import People


def test_a_citizen_is_greeted_and_served_by_whom_the_desk_rings(people: People) -> None:
    zhou, li, citizen = people.agent("zhou"), people.agent("li"), people.citizen()
    li.choose_state("忙碌")
    citizen.open()
    expect(citizen.chat.get_by_role("button", name="供热与水电气")).to_be_enabled()
    citizen.say("人工")
    expect(zhou.offer).to_be_visible()
    expect(zhou.offer.get_by_role("timer")).to_have_text(re.compile(r"0:[0-2]\d"))
    expect(zhou.page.get_by_role("progressbar", name="剩余时间")).to_be_visible()
    expect(li.offer).to_have_count(0)
    zhou.accept()
    expect(citizen.log).to_contain_text("3021")
    expect(citizen.chat.get_by_text("人工客服正在为您服务")).to_be_visible()

    citizen.field.press_sequentially("我家暖气不热")
    expect(zhou.log.get_by_text("对方正在输入")).to_be_visible()
    citizen.field.press("Enter")
    expect(zhou.log.get_by_text("我家暖气不热")).to_be_visible()
    expect(zhou.log.get_by_text("对方正在输入")).to_be_hidden()
    zhou.field.press_sequentially("请问您的地址？")
    expect(citizen.chat.get_by_text("对方正在输入")).to_be_visible()
    zhou.field.press("Enter")
    expect(citizen.log.get_by_text("请问您的地址？")).to_be_visible()
    expect(zhou.entry("请问您的地址？")).to_contain_text("已读")
    expect(citizen.log.get_by_text("已读").first).to_be_visible()
    assert "周敏" not in citizen.log.inner_text()

    citizen.chat.get_by_role("button", name="关闭").click()
    zhou.say("您还在吗？")
    expect(zhou.entry("您还在吗？")).to_contain_text("已送达")
    citizen.chat.get_by_role("button", name="在线咨询 1 条新消息").click()
    expect(zhou.entry("您还在吗？")).to_contain_text("已读")

    citizen.send_picture("暖气.png")
    shown = zhou.log.get_by_role("img", name="暖气.png")
    expect(shown).to_be_visible()
    zhou.page.wait_for_function("image => image.naturalWidth === 120", arg=shown.element_handle())
    zhou.page.locator("form.composer input[type=file]").set_input_files(
        {"name": "报修单.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}
    )
    expect(zhou.page.get_by_role("button", name="移除 报修单.pdf")).to_be_visible()
    expect(zhou.page.get_by_role("button", name="发送", exact=True)).to_be_enabled()  # once the file is there
    zhou.say("请填写这张表")
    expect(citizen.log.get_by_role("link", name="下载 报修单.pdf")).to_be_visible()


def test_a_second_agent_takes_over_and_the_citizen_rates(people: People) -> None:
    zhou, citizen = people.agent("zhou"), people.citizen()
    citizen.ask_for_a_person()
    zhou.accept()
    chen = people.agent("chen")
    zhou.choose_state("忙碌")
    zhou.page.get_by_role("button", name="转接", exact=True).click()
    dialog = zhou.page.get_by_role("dialog", name=re.compile("^转接"))
    dialog.get_by_role("combobox", name="队列").click()
    zhou.page.get_by_role("option", name=re.compile("为老服务")).click()
    dialog.get_by_label("给接手人的备注").fill("老人独居，请优先")
    dialog.get_by_role("button", name="转接", exact=True).click()
    expect(dialog).to_have_count(0)
    chen.accept()
    expect(chen.log.get_by_text("老人独居，请优先")).to_be_visible()
    chen.page.get_by_role("button", name="更多操作").click()
    chen.page.get_by_role("menuitem", name="派单经过").click()
    routing = chen.page.get_by_role("dialog", name=re.compile("的派单经过$"))
    expect(routing.get_by_role("listitem").filter(has_text="派给 周敏")).to_contain_text("已接受")
    expect(routing.get_by_role("listitem").filter(has_text="转入队列“为老服务”")).to_be_visible()
    chen.page.keyboard.press("Escape")
    expect(routing).to_have_count(0)
    assert "老人独居" not in citizen.log.inner_text()
    chen.say("我来为您处理。")
    expect(citizen.log.get_by_text("我来为您处理。")).to_be_visible()

    chen.end()
    citizen.chat.get_by_role("button", name="非常满意").click()
    expect(chen.log.get_by_text("市民评分：5")).to_be_visible()
    form = chen.page.get_by_role("form", name="小结")
    form.get_by_role("radio", name="当场答复").check()
    form.get_by_label("小结", exact=True).fill("暖气不热，已转供热单位")
    chen.page.keyboard.press("Alt+w")
    expect(chen.page.get_by_text("的会话已完成")).to_be_visible()
    expect(chen.rows).to_have_count(0)
    expect(citizen.chat.get_by_text("本次服务已结束")).to_be_visible()
