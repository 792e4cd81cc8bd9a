"""What was said, beside its sound; and what is being said, while a call lasts."""

from datetime import UTC, datetime

import msgspec
from playwright.sync_api import expect

from core.events import (
    ChannelState,
    ModelsChanged,
    TapRecognized,
    TranscriptionEnded,
    Utterance,
    UtterancesRecognized,
    Word,
)
from core.ids import new_id
from hub.store.models import Entry, PluginInstance, Transcript
from tests.browser.support.looks import assert_clean
from tests.browser.support.people import People
from tests.browser.support.switchboard import Switchboard
from tests.browser.test_phone import (
    answer,
    board,
    end_by_citizen,
    keep,
    people,
    sit_down,
    tone_wav,
)
from tests.hub.calls.test_calls import eventually
from tests.hub.support.house import until
from tests.hub.support.transcriber import ASR

__all__ = ["board", "people"]

NEEDS_MICROPHONE = True

SMS = "sms-main"
BEGUN = datetime.now(UTC)


def test_a_clicked_word_is_heard_from_its_moment_on(people: People, board: Switchboard) -> None:
    agent, far = sit_down(people, board, "zhou")
    call_id, leg_id = answer(agent, far, board)
    engine = board.engine
    file = board.do(keep(board, tone_wav(12)))
    board.do(engine.recorded(call_id, engine.plans[call_id].recordings[0].recording_id, file))
    end_by_citizen(agent, far, board, call_id, leg_id)
    board.do(write_down(board, file.media_id))
    card = agent.log.get_by_role("article").filter(has_text="通话录音")
    card.get_by_role("button", name="显示文字").click()
    audio = card.locator("audio").element_handle()
    # so slowly that a busy machine reads the moment at which it began
    agent.page.evaluate("audio => { audio.defaultPlaybackRate = audio.playbackRate = 0.0625 }", audio)
    card.get_by_text("路灯", exact=True).click()
    expect(card.get_by_role("button", name="暂停通话录音")).to_be_visible()
    agent.page.wait_for_function("audio => audio.played.length > 0", arg=audio)
    at_s = agent.page.evaluate("audio => audio.currentTime", audio)
    assert 7.42 <= at_s + 0.001 <= 7.72


def test_what_is_said_is_read_while_it_is_said(people: People, board: Switchboard) -> None:
    agent, far = sit_down(people, board, "zhou")
    board.do(hear_calls(board))
    call_id, leg_id = answer(agent, far, board)
    engine = board.engine
    sides = (engine.caller(call_id).leg_id, leg_id)
    board.until(lambda: all(leg in engine.taps for leg in sides))
    citizen, clerk = (engine.taps[leg].tap_id for leg in sides)
    speech = agent.page.get_by_role("region", name="通话实时文字")
    board.do(recognize(board, citizen, 0, "我家门口的路"))
    partial = speech.get_by_text("我家门口的路", exact=True)
    expect(partial).to_be_visible()
    expect(speech.locator("li").first).to_have_attribute("aria-hidden", "true")
    board.do(recognize(board, citizen, 0, "我家门口的路灯坏了。", is_final=True))
    board.do(recognize(board, clerk, 0, "请问是哪条路？", is_final=True))
    for n in range(1, 12):
        board.do(recognize(board, citizen, n, f"人民路{n}号旁边。", is_final=True))
    expect(speech.locator("li")).to_have_count(13)
    expect(speech.get_by_text("人民路11号旁边。")).to_be_in_viewport()
    expect(speech.locator("li").nth(1)).to_contain_text("坐席")
    assert_clean(agent.page, "call-live-speech")
    agent.page.reload()
    expect(speech.locator("li")).to_have_count(13)  # what was said before this page was there
    end_by_citizen(agent, far, board, call_id, leg_id)
    expect(speech).to_have_count(0)


def test_an_answer_is_read_out_or_sent_to_the_callers_phone(people: People, board: Switchboard) -> None:
    agent, far = sit_down(people, board, "zhou")
    board.do(connect_sms(board))
    call_id, leg_id = answer(agent, far, board)
    engine = board.engine
    suggestions = agent.page.get_by_role("region", name="知识推荐")
    suggestions.get_by_role("searchbox").fill("家里暖气不热怎么办")
    found = suggestions.get_by_role("listitem").filter(has_text="家里暖气不热怎么办")
    found.get_by_role("button", name="读给市民").click()
    board.do(engine.hears(call_id, "阀门"))
    suggestions.get_by_role("button", name="停止朗读").click()
    board.do(engine.talks(call_id))
    found.get_by_role("button", name="发短信").click()
    expect(agent.log.get_by_text("拧开放气阀").last).to_be_visible()
    board.do(sent_by_sms("放气阀"))
    assert_clean(agent.page, "call-suggestions")
    end_by_citizen(agent, far, board, call_id, leg_id)


async def sent_by_sms(words: str) -> None:
    """Return when the agent's words are on their way as an SMS."""
    await eventually(Entry.filter(author_kind="agent", instance=SMS, text__contains=words))


async def connect_sms(board: Switchboard) -> None:
    """Let the hub know a ready way to send SMS."""
    services = board.house.services
    async with services.store.work():
        await PluginInstance.create(instance=SMS, plugin="sms", is_enabled=True, revision=1)
    await board.engine.bus.publish(ChannelState(state="ready"), SMS, msg_id=new_id())
    await until(lambda: SMS in services.plugin_instances.channel_states)


async def hear_calls(board: Switchboard) -> None:
    """Let the hub know a transcriber that hears calls in progress."""
    await board.engine.bus.publish(ModelsChanged(models=(), slots=1, live_at="127.0.0.1:9"), ASR, msg_id=new_id())
    await board.engine.bus.publish(ChannelState(state="ready"), ASR, msg_id=new_id())
    await until(lambda: board.house.services.transcribers.is_usable(ASR))


async def recognize(board: Switchboard, tap_id: str, n: int, text: str, *, is_final: bool = False) -> None:
    """Say as a transcriber what is heard in a tap."""
    utterance = Utterance(start_ms=n * 1_000, end_ms=n * 1_000 + 800, text=text)
    event = TapRecognized(tap_id=tap_id, n=n, is_final=is_final, begun_at=BEGUN, utterance=utterance)
    await board.engine.bus.signal(event, ASR)


async def write_down(board: Switchboard, media_id: str) -> None:
    """Say as a transcriber what is heard in a sound."""
    await eventually(Transcript.filter(media_id=media_id))
    transcript = await Transcript.get(media_id=media_id)
    words = (Word("坏了", 1_000, 1_400), Word("路灯", 7_420, 7_900))
    heard = UtterancesRecognized(
        transcript_id=transcript.transcript_id,
        attempt=0,
        channel=0,
        begin=0,
        end=96_000,
        utterances=(Utterance(start_ms=1_000, end_ms=7_900, text="坏了路灯", words=words),),
    )
    ended = TranscriptionEnded(transcript_id=transcript.transcript_id, attempt=0, ends=(96_000, 96_000))
    for event in (heard, msgspec.structs.replace(heard, channel=1, utterances=()), ended):
        await board.engine.bus.publish(event, ASR, msg_id=new_id())
