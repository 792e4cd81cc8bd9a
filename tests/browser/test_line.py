"""A citizen on a real line and an agent's browser: what each hears is proved by its frequency, after a reload too."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from hub.engine.binary import Asterisk
from tests.browser.conftest import WEB
from tests.browser.support.flags import FLAGS, MICROPHONE
from tests.browser.support.line import Line, hears, remember_sound, running_line, write_bursts
from tests.browser.support.people import People
from tests.journeys.support.phones import AGENT_HZ, CALLER_HZ
from tests.plugins.voice.support.engine import asterisk

__all__ = ["asterisk"]


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


def test_citizen_and_browser_hear_each_other_before_and_after_hold_and_reload(people: People, line: Line) -> None:
    agent = people.agent(permissions=["microphone"])
    agent.watch.may_lose_the_line = True  # telephony comes up while the desk opens
    remember_sound(agent.page)
    agent.start_shift("zhou")
    bar = agent.page.get_by_role("region", name="通话", exact=True)
    expect(bar).to_contain_text("电话就绪", timeout=30_000)
    with line.call() as call:
        line.do(call.answered(within_s=20))
        line.do(call.press("0"))
        agent.offer.get_by_role("button", name=re.compile("^接听")).click()
        expect(bar).to_contain_text("通话中")
        call.say(CALLER_HZ)
        line.do(call.hears(AGENT_HZ))
        hears(agent.page, CALLER_HZ)

        bar.get_by_role("button", name="保持", exact=True).click()
        expect(bar).to_contain_text("保持中")
        line.do(call.hears_else(AGENT_HZ))
        bar.get_by_role("button", name="取回", exact=True).click()
        expect(bar).to_contain_text("通话中")
        line.do(call.hears(AGENT_HZ))
        hears(agent.page, CALLER_HZ)

        agent.page.reload()
        expect(bar).to_contain_text("通话中")
        line.do(call.hears(AGENT_HZ))
        hears(agent.page, CALLER_HZ)
        assert not call.end
        line.do(call.hang_up())
        expect(agent.log).to_contain_text("市民挂断")
