"""A citizen on a real line and an agent's browser: what each hears is proved by its frequency, after a reload too."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from hub.engine.binary import Asterisk
from tests.browser.conftest import WEB
from tests.browser.support.desk_phone import bar, button
from tests.browser.support.flags import FLAGS, MICROPHONE
from tests.browser.support.line import Line, hears, remember_sound, running_line, say_as_it_is, speak, write_bursts
from tests.browser.support.people import Agent, People
from tests.journeys.support.phones import AGENT_HZ, CALLER_HZ
from tests.plugins.voice.support.call import Call
from tests.plugins.voice.support.engine import asterisk

__all__ = ["asterisk"]

COLLEAGUE_HZ = 850.0
NOTE = "老人独居，请说慢一点"


@pytest.fixture(scope="module")
def browser(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    said = tmp_path_factory.mktemp("microphone") / "said.wav"
    write_bursts(said, AGENT_HZ)
    flags = [*FLAGS, *MICROPHONE, f"--use-file-for-fake-audio-capture={said}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def line(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    if not (WEB / "app" / "index.html").exists():
        pytest.skip("the front end is not built: python lianxin/webbuild.py")
    with running_line(tmp_path_factory.mktemp("line") / "data") as line:
        yield line


@pytest.fixture
def people(browser: Browser, line: Line) -> Iterator[People]:
    people = People(browser, line.house.url)
    yield people
    people.go_home()


def test_citizen_and_browsers_hear_each_other_through_hold_reload_transfers_and_a_talk_of_three(
    people: People, line: Line
) -> None:
    agent = people.agent(permissions=["microphone"])
    agent.watch.may_lose_the_line = True  # telephony comes up while the desk opens
    remember_sound(agent.page)
    say_as_it_is(agent.page)
    agent.start_shift("zhou")
    expect(bar(agent)).to_contain_text("电话就绪", timeout=30_000)
    with line.call() as call:
        line.do(call.answered(within_s=20))
        line.do(call.press("0"))
        agent.offer.get_by_role("button", name=re.compile("^接听")).click()
        expect(bar(agent)).to_contain_text("通话中")
        call.say(CALLER_HZ)
        line.do(call.hears(AGENT_HZ))
        hears(agent.page, CALLER_HZ)

        button(agent, "保持").click()
        expect(bar(agent)).to_contain_text("保持中")
        line.do(call.hears_else(AGENT_HZ))
        button(agent, "取回").click()
        expect(bar(agent)).to_contain_text("通话中")
        line.do(call.hears(AGENT_HZ))
        hears(agent.page, CALLER_HZ)

        agent.page.reload()
        expect(bar(agent)).to_contain_text("通话中")
        line.do(call.hears(AGENT_HZ))
        hears(agent.page, CALLER_HZ)
        assert not call.end
        agent.page.get_by_role("button", name="内部备注").click()
        agent.page.get_by_role("textbox", name="内部备注").fill(NOTE)
        agent.page.get_by_role("button", name="保存备注").click()

        colleague = people.agent(permissions=["microphone"])
        remember_sound(colleague.page)
        speak(colleague.page, COLLEAGUE_HZ)
        colleague.start_shift("li")
        expect(bar(colleague)).to_contain_text("电话就绪", timeout=30_000)
        pass_on(line, call, agent, colleague)
        ask_join_and_hand_over(line, call, colleague, agent)
        line.do(call.hang_up())
        agent.rows.first.click()
        expect(agent.log).to_contain_text("市民挂断")


def pass_on(line: Line, call: Call, agent: Agent, colleague: Agent) -> None:
    """Let the citizen be transferred without a word, with what was noted of them."""
    ask(agent, "李", "直接转接")
    colleague.offer.get_by_role("button", name=re.compile("^接听")).click()
    line.do(call.hears(COLLEAGUE_HZ))
    hears(colleague.page, CALLER_HZ)
    expect(colleague.log).to_contain_text(NOTE)
    expect(colleague.page.get_by_role("region", name="联系人", exact=True)).to_be_visible()
    expect(bar(agent)).to_contain_text("电话就绪")


def ask_join_and_hand_over(line: Line, call: Call, colleague: Agent, agent: Agent) -> None:
    """Let the colleague ask the agent aside, then talk with both, then leave the citizen to the agent."""
    ask(colleague, "周", "先咨询")
    button(agent, "接听").click()
    hears(agent.page, COLLEAGUE_HZ)
    hears(colleague.page, AGENT_HZ)
    line.do(call.hears_else(COLLEAGUE_HZ))
    button(colleague, "三方通话").click()
    line.do(call.hears(COLLEAGUE_HZ, least=0.3))
    line.do(call.hears(AGENT_HZ, least=0.3))
    for page, tones in ((agent.page, (CALLER_HZ, COLLEAGUE_HZ)), (colleague.page, (CALLER_HZ, AGENT_HZ))):
        for tone in tones:
            hears(page, tone, among_others=True)
    button(colleague, "交给对方").click()
    expect(bar(colleague)).to_contain_text("电话就绪")
    line.do(call.hears(AGENT_HZ))
    hears(agent.page, CALLER_HZ)


def ask(agent: Agent, name: str, how: str) -> None:
    """Pass the call on to a colleague, or ask them while the citizen waits."""
    agent.page.keyboard.press("Alt+t")
    dialog = agent.page.get_by_role("dialog", name=re.compile("^咨询或转接"))
    dialog.get_by_role("combobox", name="坐席").click()
    agent.page.get_by_role("option", name=re.compile(name)).click()
    dialog.get_by_role("button", name=how).click()
