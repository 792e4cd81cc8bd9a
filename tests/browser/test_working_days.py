"""Whole stretches of work in real browsers: a first day, two agents on one conversation, a channel broken amid it."""

import re

from playwright.sync_api import expect

from tests.browser.support.looks import assert_clean
from tests.browser.support.people import ADMIN_PASSWORD, Agent, People
from tests.journeys.support.house import House


def test_a_new_agent_s_first_day(people: People, administrator: Agent) -> None:
    made = administrator.call(
        "POST", "/users", username="sun", display_name="孙悦", work_number="3024", queue_ids=["general"]
    )
    sun, citizen = people.agent(), people.citizen()
    page = sun.page
    sun.log_in("sun", made["password"])
    sun.change_password(made["password"], ADMIN_PASSWORD)
    page.get_by_role("button", name="开始值班").click()
    state = page.get_by_role("button", name="我的状态")
    expect(state).to_contain_text("可接待")
    sun.choose_state("小休")
    sun.choose_state("可接待")

    citizen.ask_for_a_person()
    sun.accept()
    citizen.say("我家暖气不热，怎么办")
    expect(sun.entry("我家暖气不热")).to_be_visible()

    # look it up without leaving the conversation
    at = page.url
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="搜索").fill("暖气不热")
    found = page.get_by_role("listbox", name="搜索").get_by_role("option", name=re.compile("家里暖气不热怎么办"))
    found.click()
    expect(page.get_by_role("article", name="家里暖气不热怎么办")).to_contain_text("拧开放气阀")
    page.go_back()
    expect(page).to_have_url(at)
    sun.say("请先拧开放气阀，仍不热再联系我们")
    expect(citizen.log).to_contain_text("拧开放气阀")

    sun.end()
    page.get_by_role("radio", name="当场答复").check()
    page.get_by_role("textbox", name="小结", exact=True).fill("暖气不热，已告知放气的办法")
    page.keyboard.press("Alt+w")
    expect(page.get_by_text("的会话已完成")).to_be_visible()
    expect(sun.rows).to_have_count(0)

    page.get_by_role("button", name="提醒与备忘").click()
    today = page.get_by_role("dialog", name="提醒与备忘").get_by_role("region", name="我的今天")
    for name, value in (("接待", "1"), ("已结束", "1"), ("手头", "0"), ("发出消息", "1")):
        figure = today.locator("div").filter(has=page.get_by_text(name, exact=True)).locator("dd")
        expect(figure).to_have_text(value)
    assert_clean(page, "first-day")


def test_two_agents_serve_one_conversation_in_turn_and_nothing_is_said_twice(people: People) -> None:
    zhou, citizen = people.agent("zhou"), people.citizen()
    citizen.ask_for_a_person()
    zhou.accept()
    chen = people.agent("chen")
    chen.choose_state("忙碌")
    chen.page.goto(zhou.page.url)
    expect(zhou.page.get_by_text("陈静 也在查看此会话")).to_be_visible()

    # each keeps the draft of their own, and sees that the other writes
    zhou.field.press_sequentially("我查一下")
    expect(chen.page.get_by_text("周敏 正在此会话中输入")).to_be_visible()
    chen.field.press_sequentially("我来")
    expect(zhou.page.get_by_text("陈静 正在此会话中输入")).to_be_visible()
    expect(zhou.field).to_have_value("我查一下")
    expect(chen.field).to_have_value("我来")

    # both send at the same moment: two messages, each once, in the same order for everybody
    zhou.field.press("Enter")
    chen.field.press("Enter")
    for words in ("我查一下", "我来"):
        expect(citizen.log.get_by_text(words, exact=True)).to_have_count(1)
        for agent in (zhou, chen):
            expect(agent.entry(words)).to_have_count(1)
    for place, words in zip((-2, -1), citizen.bubbles()[-2:], strict=True):
        for agent in (zhou, chen):
            expect(agent.log.locator(".bubble .text").nth(place)).to_have_text(words)

    # one ends it, the other sees that at once and writes no more
    zhou.end()
    zhou.page.get_by_role("radio", name="当场答复").check()
    zhou.page.keyboard.press("Alt+w")
    expect(zhou.page.get_by_text("的会话已完成")).to_be_visible()
    expect(chen.field).to_have_count(0)


def test_who_matters_is_marked_in_the_queue_for_agents_and_supervisors(people: People) -> None:
    chen, li, citizen = people.agent("chen"), people.agent("li"), people.citizen()
    for agent in (chen, li):
        agent.choose_state("忙碌")
    citizen.ask_for_a_person()
    li.page.get_by_role("tab", name=re.compile("^待接")).click()
    expect(li.rows.first).to_be_visible()
    star = li.rows.get_by_label("7 级")
    expect(star).to_have_count(0)
    for one in chen.call("GET", "/conversations?view=waiting")["items"]:
        chen.call("PATCH", f"/contacts/{one['contact_id']}", level=7)
    expect(star.first).to_be_visible()
    chen.page.get_by_role("link", name="监控大屏").click()
    expect(chen.page.get_by_role("region", name="排队明细").get_by_text("7 级").first).to_be_visible()
    li.choose_state("可接待")  # nobody is left waiting for the next test's agent
    li.accept()
    li.end()


def test_a_channel_is_broken_and_repaired_by_its_settings_while_chats_run(
    people: People, house: House, administrator: Agent
) -> None:
    zhou, citizen = people.agent("zhou"), people.citizen()
    citizen.ask_for_a_person()
    zhou.accept()
    citizen.watch.may_lose_the_line = True
    page = administrator.page
    page.goto(f"{house.url}/admin/plugins/web_chat-main")
    status = page.get_by_role("region", name="运行状态")
    expect(status).to_contain_text("渠道可用")

    # what makes no sense is refused, and the chat notices nothing
    administrator.watch.tolerate("status of 422", "/instances/web_chat-main")
    color = page.get_by_label("主题颜色")
    color.fill("zebra")
    page.get_by_role("button", name="保存").click()
    expect(color).to_have_attribute("aria-invalid", "true")
    citizen.say("设置有误时写的")
    expect(zhou.entry("设置有误时写的")).to_be_visible()
    zhou.say("不受影响")
    expect(citizen.log.get_by_text("不受影响", exact=True)).to_be_visible()

    # what is allowed but lets nobody in is taken back; both sides wrote meanwhile, and each word arrives once
    page.reload()
    patience = page.get_by_label("握手时限（秒）")
    kept = patience.input_value()
    patience.fill("0.000001")
    page.get_by_role("button", name="保存").click()
    lost = citizen.chat.get_by_text("网络断开了，正在重新连接")
    expect(lost).to_be_visible(timeout=30_000)
    citizen.say("断开时市民写的")
    expect(citizen.chat.get_by_text("发送中")).to_be_visible()
    zhou.say("断开时坐席写的")
    patience.fill(kept)
    page.get_by_role("button", name="保存").click()
    expect(lost).to_be_hidden(timeout=30_000)
    expect(zhou.entry("断开时市民写的")).to_have_count(1)
    expect(citizen.log.get_by_text("断开时坐席写的", exact=True)).to_have_count(1)
    expect(citizen.chat.get_by_text("发送中")).to_have_count(0)
    expect(status).to_contain_text("渠道可用", timeout=30_000)
    zhou.end()
