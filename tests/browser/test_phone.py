"""The phone at the desk: a browser that registers, answers, and has its call back after a reload."""

import io
import itertools
import math
import re
import struct
import wave
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect, sync_playwright

from core.events import Attachment, Listen
from tests.browser.conftest import WEB
from tests.browser.support.flags import FLAGS, MICROPHONE
from tests.browser.support.looks import assert_clean
from tests.browser.support.people import Agent, People
from tests.browser.support.switchboard import VOICE, SipFarEnd, Switchboard, running_switchboard

numbers = itertools.count(100_001)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=[*FLAGS, *MICROPHONE])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switchboard]:
    if not (WEB / "app" / "index.html").exists():
        pytest.skip("the front end is not built: python lianxin/webbuild.py")
    with running_switchboard(tmp_path_factory.mktemp("board")) as board:
        yield board


@pytest.fixture
def people(browser: Browser, board: Switchboard) -> Iterator[People]:
    people = People(browser, board.url)
    yield people
    people.go_home()


def sit_down(people: People, board: Switchboard, username: str) -> tuple[Agent, SipFarEnd]:
    """Return an agent on shift whose phone is registered, and the far end of it."""
    agent = people.agent(permissions=["microphone"])
    far = SipFarEnd(agent.page, board)
    agent.start_shift(username)
    expect(bar(agent)).to_contain_text("电话就绪")
    return agent, far


def bar(agent: Agent) -> Locator:
    return agent.page.get_by_role("region", name="通话", exact=True)


def button(agent: Agent, name: str) -> Locator:
    return bar(agent).get_by_role("button", name=name, exact=True)


def answer(agent: Agent, far: SipFarEnd, board: Switchboard) -> tuple[str, str]:
    """Let a citizen call and ask for a person, and the agent answer; return call and leg when they talk."""
    engine = board.engine
    call_id = board.do(engine.arrive(f"tel:+8613900{next(numbers)}"))
    board.do(engine.press(call_id, "0"))
    leg_id = board.do(engine.rings(call_id)).leg_id
    board.do(engine.change(call_id, leg_id, "ringing"))
    far.call(call_id, leg_id)
    expect(agent.offer).to_contain_text("首次来电")
    agent.offer.get_by_role("button", name=re.compile("^接听")).click()
    far.connect(leg_id)
    board.do(engine.change(call_id, leg_id, "answered"))
    board.do(engine.hears(call_id, "工号"))
    board.do(engine.finish(call_id))
    board.do(engine.talks(call_id))
    expect(bar(agent)).to_contain_text("通话中")
    return call_id, leg_id


def end_by_citizen(agent: Agent, far: SipFarEnd, board: Switchboard, call_id: str, leg_id: str) -> None:
    """Let the citizen hang up."""
    engine = board.engine
    board.do(engine.change(call_id, engine.caller(call_id).leg_id, "ended"))
    board.do(engine.is_over(call_id))
    far.hang_up(leg_id)
    board.do(engine.change(call_id, leg_id, "ended"))
    expect(agent.log).to_contain_text("市民挂断")


def test_a_call_is_answered_held_muted_and_ended_at_the_bar(people: People, board: Switchboard) -> None:
    agent, far = sit_down(people, board, "zhou")
    place = bar(agent).bounding_box()
    engine = board.engine
    button(agent, "设备").click()
    devices = agent.page.get_by_role("dialog", name="耳机与麦克风")
    expect(devices.get_by_role("combobox", name="麦克风")).to_contain_text("Fake")
    agent.page.wait_for_function("() => document.querySelector('meter')?.value > 0")  # the fake microphone beeps
    assert_clean(agent.page, "call-devices")
    agent.page.keyboard.press("Escape")
    call_id, leg_id = answer(agent, far, board)
    expect(button(agent, "静音")).to_be_enabled()
    assert_clean(agent.page, "call-talking")
    button(agent, "静音").click()
    expect(button(agent, "取消静音")).to_have_attribute("aria-pressed", "true")
    agent.page.keyboard.press("Alt+m")
    expect(button(agent, "静音")).to_be_visible()

    button(agent, "保持").click()
    expect(bar(agent)).to_contain_text("保持中")
    board.until(lambda: isinstance(engine.caller(call_id).activity, Listen))
    agent.page.keyboard.press("Alt+h")
    board.do(engine.talks(call_id))
    expect(button(agent, "保持")).to_be_enabled()

    button(agent, "录音中").click()
    expect(button(agent, "录音已暂停")).to_be_visible()
    board.until(lambda: engine.plans[call_id].recordings[0].is_paused)

    button(agent, "拨号盘").click()
    bar(agent).get_by_role("group", name="拨号盘").get_by_role("button", name="5").click()
    board.until(lambda: engine.caller(call_id).digits == "5")
    button(agent, "拨号盘").click()

    assert bar(agent).bounding_box() == place
    button(agent, "挂断").click()
    expect(agent.page.get_by_role("form", name="小结")).to_be_visible()
    board.until(lambda: leg_id not in {leg.leg_id for leg in engine.plans[call_id].legs})
    far.hang_up(leg_id)
    board.do(engine.change(call_id, leg_id, "ended"))
    board.do(engine.change(call_id, f"caller-{call_id.removeprefix('call-')}", "ended"))
    expect(agent.log).to_contain_text("总时长")
    expect(bar(agent)).to_contain_text("电话就绪")
    assert_clean(agent.page, "call-ended")


def test_a_reloaded_page_is_back_in_its_call_without_the_agent(people: People, board: Switchboard) -> None:
    agent, far = sit_down(people, board, "zhou")
    engine = board.engine
    call_id, leg_id = answer(agent, far, board)
    agent.page.reload()
    expect(bar(agent)).to_contain_text("接通中")
    board.until(lambda: leg_id not in {leg.leg_id for leg in engine.plans[call_id].legs})
    leg = engine.agent(call_id)
    assert leg is not None
    assert leg.dial is not None
    assert leg.dial.auto_answer
    far.call(call_id, leg.leg_id, is_auto=True)
    far.connect(leg.leg_id)
    board.do(engine.change(call_id, leg.leg_id, "answered"))
    expect(bar(agent)).to_contain_text("通话中")
    expect(button(agent, "静音")).to_be_enabled()
    end_by_citizen(agent, far, board, call_id, leg.leg_id)


def test_a_colleague_is_asked_joins_and_takes_the_call(people: People, board: Switchboard) -> None:
    agent, far = sit_down(people, board, "zhou")
    call_id, leg_id = answer(agent, far, board)
    colleague, far_li = sit_down(people, board, "li")
    engine = board.engine
    agent.page.keyboard.press("Alt+t")
    dialog = agent.page.get_by_role("dialog", name=re.compile("^咨询或转接"))
    dialog.get_by_role("combobox", name="坐席").click()
    agent.page.get_by_role("option", name=re.compile("李")).click()
    assert_clean(agent.page, "call-dialog")
    dialog.get_by_role("button", name="先咨询").click()
    board.until(lambda: len(engine.plans[call_id].legs) == 3)
    expect(bar(agent)).to_contain_text("咨询中")
    leg = engine.agent(call_id)
    assert leg is not None
    far_li.call(call_id, leg.leg_id)
    expect(bar(colleague)).to_contain_text("来电")
    button(colleague, "接听").click()
    far_li.connect(leg.leg_id)
    board.do(engine.change(call_id, leg.leg_id, "answered"))
    expect(bar(agent).get_by_role("list", name="通话各方")).to_contain_text("等待中，听音乐")
    expect(button(agent, "交给对方")).to_be_enabled()
    assert_clean(agent.page, "call-consult")
    button(agent, "三方通话").click()
    expect(bar(agent)).to_contain_text("多方通话")
    expect(bar(agent)).to_contain_text("各方都能互相听见")
    button(agent, "交给对方").click()
    board.until(lambda: leg_id not in {one.leg_id for one in engine.plans[call_id].legs})
    far.hang_up(leg_id)
    board.do(engine.change(call_id, leg_id, "ended"))
    expect(bar(agent)).to_contain_text("电话就绪")
    expect(bar(colleague)).to_contain_text("通话中")
    colleague.rows.first.click()
    end_by_citizen(colleague, far_li, board, call_id, leg.leg_id)


def test_a_supervisor_reads_who_hears_whom(people: People, board: Switchboard) -> None:
    agent, far = sit_down(people, board, "zhou")
    call_id, leg_id = answer(agent, far, board)
    chief, far_chief = sit_down(people, board, "chen")
    engine = board.engine
    chief.page.goto(agent.page.url)
    group = chief.page.get_by_role("group", name="通话监督")
    expect(group).to_contain_text("未参与此通话")
    expect(bar(chief)).to_contain_text("电话就绪")
    group.get_by_role("button", name="旁听").click()
    board.until(lambda: len(engine.plans[call_id].legs) == 3)
    leg = engine.plans[call_id].legs[-1]
    far_chief.call(call_id, leg.leg_id, is_auto=True)
    far_chief.connect(leg.leg_id)
    board.do(engine.change(call_id, leg.leg_id, "answered"))
    expect(group).to_contain_text("您能听见双方，双方都听不见您")
    expect(bar(chief)).to_contain_text("旁听中")
    assert_clean(chief.page, "call-listen")
    group.get_by_role("button", name="耳语").click()
    expect(group).to_contain_text("只有坐席听得见您，市民听不见")
    expect(group.get_by_role("button", name="耳语")).to_have_attribute("aria-pressed", "true")
    group.get_by_role("button", name="退出").click()
    board.until(lambda: len(engine.plans[call_id].legs) == 2)
    far_chief.hang_up(leg.leg_id)
    board.do(engine.change(call_id, leg.leg_id, "ended"))
    expect(bar(chief)).to_contain_text("电话就绪")
    end_by_citizen(agent, far, board, call_id, leg_id)


def test_a_recording_is_played_sought_and_slowed_down(people: People, board: Switchboard) -> None:
    agent, far = sit_down(people, board, "zhou")
    call_id, leg_id = answer(agent, far, board)
    engine = board.engine
    file = board.do(keep(board, tone_wav(12)))
    board.do(engine.recorded(call_id, engine.plans[call_id].recordings[0].recording_id, file))
    end_by_citizen(agent, far, board, call_id, leg_id)
    card = agent.log.get_by_role("article").filter(has_text="通话录音")
    card.get_by_role("button", name="播放通话录音").click()
    expect(card.get_by_role("button", name="暂停通话录音")).to_be_visible()
    card.get_by_role("combobox", name="播放速度").select_option("2")
    assert card.locator("audio").evaluate("audio => audio.playbackRate") == 2
    slider = card.get_by_role("slider", name="播放位置")
    card.get_by_role("button", name="暂停通话录音").click()
    slider.focus()
    slider.press("End")
    agent.page.wait_for_function("audio => audio.currentTime > 9", arg=card.locator("audio").element_handle())
    loud = card.locator("path.line").first
    agent.page.wait_for_function("path => path.getAttribute('d').includes(' 2V38')", arg=loud.element_handle())
    assert_clean(agent.page, "call-recording")
    answer_to_range = agent.context.request.get(
        board.url + str(card.get_by_role("link", name="下载通话录音").get_attribute("href")),
        headers={"Range": "bytes=100-199"},
    )
    assert (answer_to_range.status, len(answer_to_range.body())) == (206, 100)


async def keep(board: Switchboard, sound: bytes) -> Attachment:
    """Keep a file as the voice plugin's host does."""
    return await board.house.services.media.keep(sound, mime="audio/wav", name="talk.wav", instance=VOICE)


def tone_wav(seconds: int, rate_hz: int = 8000) -> bytes:
    """Return a stereo recording: a tone on the left, silence on the right."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(rate_hz)
        left = (round(9000 * math.sin(2 * math.pi * 440 * at / rate_hz)) for at in range(seconds * rate_hz))
        sound.writeframes(b"".join(struct.pack("<hh", one, 0) for one in left))
    return file.getvalue()
