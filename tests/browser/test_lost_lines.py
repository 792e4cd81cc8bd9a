"""Reloads, lost networks and a killed hub amid a conversation: nothing lost, nothing doubled, no new log-in."""

import pytest
from playwright.sync_api import expect

from tests.browser.support.people import Agent, Citizen, People
from tests.journeys.support.house import House


@pytest.fixture
def talk(people: People) -> tuple[Agent, Citizen]:
    """Return an agent and a citizen who talk."""
    agent, citizen = people.agent("zhou"), people.citizen()
    citizen.ask_for_a_person()
    agent.accept()
    agent.say("您好")
    expect(citizen.log.get_by_text("您好", exact=True)).to_be_visible()  # the greeting begins with it, too
    return agent, citizen


def said(citizen: Citizen) -> list[str]:
    """Return what both said since the first word of the agent."""
    bubbles = citizen.bubbles()
    return bubbles[bubbles.index("您好") :]


def test_both_reload_and_go_on(talk: tuple[Agent, Citizen]) -> None:
    agent, citizen = talk
    agent.field.fill("写了一半的话")
    agent.page.reload()
    expect(agent.field).to_have_value("写了一半的话")
    agent.field.press("Enter")
    citizen.reload()
    expect(citizen.log).to_contain_text("写了一半的话")
    citizen.say("刷新以后")
    expect(agent.entry("刷新以后")).to_be_visible()
    agent.say("收到")
    expect(citizen.log.get_by_text("收到")).to_be_visible()
    assert said(citizen) == ["您好", "写了一半的话", "刷新以后", "收到"]
    assert agent.bubbles()[-4:] == ["您好", "写了一半的话", "刷新以后", "收到"]


def test_an_agent_without_a_network_misses_nothing_and_is_told(talk: tuple[Agent, Citizen]) -> None:
    agent, citizen = talk
    agent.lose_network()
    expect(agent.banner).to_be_visible()
    citizen.say("您断线时我写的")
    expect(citizen.chat.get_by_text("已送达").last).to_be_visible()
    agent.say("没有网时写的")
    expect(agent.entry("没有网时写的")).to_contain_text("等待网络恢复后发送")
    citizen.say("又写一句")
    agent.regain_network()
    expect(agent.banner).to_be_hidden()
    expect(agent.entry("又写一句")).to_be_visible()
    expect(citizen.log.get_by_text("没有网时写的")).to_be_visible()
    expect(agent.entry("没有网时写的")).to_contain_text("已读")
    for said_by_all in (said(citizen), agent.bubbles()[-4:]):
        assert said_by_all[:2] == ["您好", "您断线时我写的"]
        assert sorted(said_by_all[2:]) == sorted(["又写一句", "没有网时写的"])  # these two crossed on their way


def test_a_citizen_without_a_network_misses_nothing_and_is_told(talk: tuple[Agent, Citizen]) -> None:
    agent, citizen = talk
    citizen.lose_network()
    lost = citizen.chat.get_by_text("网络断开了，正在重新连接")
    expect(lost).to_be_visible()
    agent.say("您断线时我写的")
    citizen.say("没有网时写的")
    expect(citizen.chat.get_by_text("发送中")).to_be_visible()
    agent.say("又写一句")
    citizen.regain_network()
    expect(lost).to_be_hidden()
    expect(citizen.log.get_by_text("又写一句")).to_be_visible()
    expect(agent.entry("没有网时写的")).to_be_visible()
    expect(citizen.chat.get_by_text("发送中")).to_have_count(0)
    assert sorted(said(citizen)) == sorted(["您好", "您断线时我写的", "又写一句", "没有网时写的"])
    assert agent.bubbles()[-4:] == ["您好", "您断线时我写的", "又写一句", "没有网时写的"]


def test_each_conversation_keeps_its_own_draft(talk: tuple[Agent, Citizen], people: People) -> None:
    agent, _ = talk
    agent.field.fill("给第一位")
    other = people.citizen()
    other.ask_for_a_person()
    agent.accept()
    expect(agent.field).to_have_value("")
    agent.field.fill("给第二位")
    row = agent.rows.filter(has_text="给第一位").or_(agent.rows.filter(has_text="[草稿]"))
    row.click()
    expect(agent.field).to_have_value("给第一位")
    agent.page.reload()
    expect(agent.field).to_have_value("给第一位")
    agent.rows.filter(has_text="[草稿]").click()
    expect(agent.field).to_have_value("给第二位")
    agent.field.press("Enter")
    expect(other.log.get_by_text("给第二位")).to_be_visible()


def test_a_summary_begun_early_stays_open_while_messages_come(talk: tuple[Agent, Citizen]) -> None:
    agent, citizen = talk
    page = agent.page
    page.get_by_role("tab", name="小结").click()
    summary = page.get_by_role("textbox", name="小结", exact=True)
    summary.fill("路灯坏了")
    expect(page.get_by_text("已自动保存")).to_be_visible()
    citizen.say("还有一件事")
    expect(agent.entry("还有一件事")).to_be_visible()
    expect(summary).to_be_focused()
    page.reload()
    page.get_by_role("tab", name="小结").click()
    expect(summary).to_have_value("路灯坏了")


def test_a_killed_hub_comes_back_without_a_new_log_in(talk: tuple[Agent, Citizen], house: House) -> None:
    agent, citizen = talk
    agent.watch.may_lose_the_line = citizen.watch.may_lose_the_line = True
    house.kill("hub")
    citizen.say("服务器重启时写的")
    agent.say("重启时的回复")
    expect(agent.entry("服务器重启时写的")).to_be_visible(timeout=30_000)
    expect(citizen.log.get_by_text("重启时的回复")).to_be_visible(timeout=30_000)
    expect(agent.banner).to_be_hidden()
    citizen.say("还在")
    expect(agent.entry("还在")).to_be_visible()
    agent.say("我在")
    expect(citizen.log.get_by_text("我在")).to_be_visible()
    texts = ["您好", "服务器重启时写的", "重启时的回复", "还在", "我在"]
    assert sorted(said(citizen)) == sorted(texts)
    assert sorted(agent.bubbles()[-5:]) == sorted(texts)
    agent.end()
    expect(agent.page.get_by_role("form", name="小结")).to_be_visible()
