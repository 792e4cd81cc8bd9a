"""What the engine does by itself: callers without call control, strangers, changed settings, our own death."""

import asyncio
import math
import os
import signal
import sys
import threading
import wave
from array import array
from pathlib import Path

import pytest

from hub.engine.announcements import place_announcements
from hub.engine.binary import Asterisk
from hub.engine.dialplan import DUTY
from hub.engine.layout import Layout
from hub.engine.process import NICENESS, Engine, find
from plugins.voice.ari.events import StasisStart
from tests.plugins.voice.support.engine import Board, engine_settings
from tests.plugins.voice.support.events import listening
from tests.plugins.voice.support.phone import Phone

ROOT = Path(__file__).parents[3]


async def test_a_caller_whom_nobody_takes_hears_music_and_is_taken_later(board: Board) -> None:
    trunk = await board.trunk()
    async with trunk.call("12345") as call:
        await call.answered()
        await call.hears_something()
        async with listening(board.ari) as events:
            started = await events.next(StasisStart, within_s=15.0)
            assert started.args == ("inbound", "trunk", "12345")
            await board.ari.play(started.channel.id, ("tone:425/10000",), "now")
            await call.hears(425)
            assert call.longest_gap_s < 0.5


async def test_callers_hear_words_while_nobody_takes_them(own_board: Board, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "engine")
    for name in ("waiting", "goodbye"):
        with wave.open(str(layout.announcements / f"{name}.wav")) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8_000)
            assert file.getnframes() > 3 * 8_000
    trunk = await own_board.trunk()
    async with trunk.call("12345") as call:
        await call.answered()
        await call.hears_something()


async def test_an_announcement_of_the_operator_stays_and_is_played(own_board: Board, tmp_path: Path) -> None:
    path = Layout(tmp_path / "engine").announcements / "waiting.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes(
            array("h", (round(9_000 * math.sin(2 * math.pi * 700 * n / 8_000)) for n in range(16_000))).tobytes()
        )
    trunk = await own_board.trunk()
    async with trunk.call("12345") as call:
        await call.answered()
        await call.hears(700)
    place_announcements(path.parent)
    with wave.open(str(path)) as file:
        assert file.getnframes() == 16_000


async def test_an_agent_s_phone_hears_the_congestion_tone_while_nobody_serves(board: Board) -> None:
    agent = await board.phone("agent-1")
    async with agent.call("12345") as call:
        await call.rang()
        await call.hears(450)


async def test_strangers_are_refused(board: Board) -> None:
    async with Phone(board.sip, "mallory", password="guess") as stranger:
        assert await stranger.register() == 401
        async with stranger.call("0086138") as call:
            assert await call.ended() == "401"
    assert await board.ari.channels() == ()


async def test_a_known_account_with_a_wrong_password_is_refused(board: Board) -> None:
    await board.phone("agent-1")
    async with Phone(board.sip, "agent-1", password="wrong") as thief:
        assert await thief.register() == 401


async def test_a_flood_of_strangers_disturbs_no_call(board: Board) -> None:
    trunk = await board.trunk()
    async with listening(board.ari) as events, trunk.call("12345") as call:
        started = await events.next(StasisStart)
        await board.ari.answer(started.channel.id)
        await call.answered()
        await board.ari.play(started.channel.id, ("tone:425/600000",), "on")
        await call.hears(425)
        async with Phone(board.sip, "mallory") as stranger:
            for number in range(500):
                kind = ("REGISTER", "INVITE", "OPTIONS")[number % 3]
                stranger.send(stranger.request(kind, f"sip:{number}@127.0.0.1", f"sip:{number}@x", f"flood-{number}"))
                if number % 50 == 0:
                    await asyncio.sleep(0)
            await call.heard_for(2.0)
        await call.hears(425)
        assert len(await board.ari.channels()) == 1


async def test_changed_settings_are_read_while_a_call_goes_on(own_board: Board, asterisk: Asterisk) -> None:
    engine = own_board.engine
    trunk = await own_board.trunk()
    async with listening(own_board.ari) as events, trunk.call("12345") as call:
        started = await events.next(StasisStart)
        await own_board.ari.answer(started.channel.id)
        await call.answered()
        await own_board.ari.play(started.channel.id, ("tone:425/600000",), "on")
        await call.hears(425)
        assert await engine.apply(engine_settings(), asterisk) == ()
        assert await engine.apply(engine_settings(country="us", stun="127.0.0.1:3478"), asterisk) == ()
        assert await engine.apply(engine_settings(external_address="192.0.2.1"), asterisk) == ("pjsip_transports.conf",)
        await call.heard_for(1.0)
        await call.hears(425)
        assert call.longest_gap_s < 0.2


async def test_the_duty_phone_is_rung_while_call_control_is_away_even_after_a_restart(
    own_board: Board, asterisk: Asterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    trunk = await own_board.trunk()
    await own_board.ari.set_global_variable(DUTY, "PJSIP/110@trunk")
    async with trunk.call("12345") as call:
        await call.answered()
    monkeypatch.setattr("hub.engine.dialplan.DUTY_AFTER", 1)
    await own_board.restart(asterisk)
    async with trunk.call("12345") as call:
        await call.answered()
        duty = await trunk.rings()
        assert duty.dialled == "110"
        await duty.answer()
        call.say(440)
        duty.say(620)
        await duty.hears(440)
        await call.hears(620)


STARTER = """
import asyncio, sys
from pathlib import Path
from hub.engine.binary import Asterisk
from hub.engine.layout import Layout
from hub.engine.process import start
from tests.plugins.voice.support.engine import asterisk, engine_settings, cache
from hub.engine.binary import find_private, find_system, EngineMissing
try:
    found = find_system()
except EngineMissing:
    found = find_private(cache())
async def main():
    await start(engine_settings(), found, Layout(Path(sys.argv[1])))
    print("started", flush=True)
    await asyncio.sleep(3600)
asyncio.run(main())
"""


async def test_the_engine_outlives_whoever_started_it_and_is_found_again(asterisk: Asterisk, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "engine")
    starter = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        STARTER,
        str(layout.root),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,
    )
    assert starter.stdout is not None
    assert await starter.stdout.readline() == b"started\n"
    os.killpg(starter.pid, signal.SIGKILL)
    await starter.wait()
    engine = find(layout)
    assert isinstance(engine, Engine)
    assert await engine.answers()
    assert await engine.calls() == 0
    await engine.stop()
    assert find(layout) is None


async def test_a_note_of_another_process_is_not_taken_for_the_engine(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.state.write_text(
        f'{{"pid": {os.getpid()}, "birth": "another boot:1", "command": [], "version": "", '
        '"http_port": 1, "sip_port": 1, "tls_port": 0, "password": "x"}'
    )
    assert find(layout) is None


async def test_a_stop_waits_for_the_call_which_can_still_be_steered(own_board: Board) -> None:
    trunk = await own_board.trunk()
    async with listening(own_board.ari) as events, trunk.call("12345") as call:
        started = await events.next(StasisStart)
        await own_board.ari.answer(started.channel.id)
        await call.answered()
        await own_board.ari.play(started.channel.id, ("tone:425/600000",), "on")
        await call.hears(425)
        stopping = asyncio.create_task(own_board.engine.drain(20.0))
        await call.heard_for(1.0)
        assert own_board.engine.is_alive()
        await own_board.ari.hang_up(started.channel.id)
        assert await call.ended() == "BYE"
        await stopping
        await own_board.engine.stop()
    assert not own_board.engine.is_alive()


async def test_the_engine_goes_before_everything_else_where_it_may(board: Board) -> None:
    def may() -> bool:
        mine = threading.get_native_id()
        usual = os.getpriority(os.PRIO_PROCESS, mine)
        try:
            os.setpriority(os.PRIO_PROCESS, mine, NICENESS)
        except OSError:
            return False
        os.setpriority(os.PRIO_PROCESS, mine, usual)
        return True

    usual = os.getpriority(os.PRIO_PROCESS, 0)
    expected = NICENESS if await asyncio.to_thread(may) else usual
    assert os.getpriority(os.PRIO_PROCESS, board.engine.note.pid) == expected
