"""Two engines side by side, each with its plugin instance: phones of the one take part in calls of the other."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.events import ActivityEnded, EngineChanged, LegChanged
from core.events.calls import EnginePeer, LegPlan, Listen, Prompt, Spy
from hub.engine.binary import Asterisk
from hub.engine.process import Engine
from plugins.voice import marks
from plugins.voice.accounts import engine_name
from plugins.voice.prompts import BUSY_HZ
from tests.plugins.voice.support.engine import Board, board_of, running_engine
from tests.plugins.voice.support.phone import Phone
from tests.plugins.voice.support.stage import Stage, agent, citizen, new_stage

CALLER_HZ, AGENT_HZ, OTHER_HZ = 440.0, 620.0, 1_100.0
HERE, THERE = "voice-here", "voice-there"
SECRET = "what-both-engines-know"
# no phone's name is used twice: an engine tells late of the registration of one that was taken away


@dataclass(frozen=True, slots=True)
class Pair:
    """The engine at which calls arrive, and another one that has phones only."""

    here: Stage
    there: Stage


@pytest.fixture(scope="module")
def second_engine(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Yield an engine beside the shared one."""
    with running_engine(asterisk, tmp_path_factory.mktemp("engine")) as engine:
        yield engine


@pytest.fixture
def is_encrypted() -> bool:
    """Return whether the engines speak TLS with each other."""
    return False


@pytest.fixture
async def pair(
    board: Board, trunk: Phone, second_engine: Engine, tmp_path: Path, is_encrypted: bool
) -> AsyncIterator[Pair]:
    """Yield both, each knowing the other."""
    folders = [tmp_path / HERE, tmp_path / THERE]
    for folder in folders:
        folder.mkdir()
    async with (
        board_of(second_engine) as other,
        new_stage(board, folders[0], trunk, instance=HERE).at_work() as here,
        new_stage(other, folders[1], trunk, instance=THERE, trunks=[]).at_work() as there,
    ):
        await introduce(here, there, is_encrypted=is_encrypted)
        await introduce(there, here, is_encrypted=is_encrypted)
        yield Pair(here, there)


async def introduce(stage: Stage, other: Stage, *, is_encrypted: bool) -> None:
    """Let a plugin know the other one's engine, as the hub does."""
    instance, found = other.link.instance, await other.told(EngineChanged)
    address = f"127.0.0.1:{found.tls_port}" if is_encrypted else found.address
    stage.engines = (EnginePeer(instance=instance, address=address, secret=SECRET, is_encrypted=is_encrypted),)
    await stage.provision()
    async with asyncio.timeout(30):
        while engine_name(instance) not in [one.resource for one in await stage.board.ari.endpoints()]:
            await asyncio.sleep(0.02)


def served(leg_id: str, phone_id: str, **more: object) -> LegPlan:
    """Return the plan of an agent whose phone is at the other engine."""
    return agent(leg_id, phone_id, instance=THERE, **more)


@pytest.mark.parametrize("is_encrypted", [False, True], ids=["plain", "encrypted"])
async def test_a_phone_of_another_engine_takes_part_in_a_call_as_one_of_our_own(
    pair: Pair, trunk: Phone, is_encrypted: bool
) -> None:
    here, there = pair.here, pair.there
    assert (await here.told(EngineChanged)).version
    theirs, ours = ("agent-1", "agent-2") if is_encrypted else ("agent-3", "agent-4")
    phone, colleague = await there.phone(theirs), await here.phone(ours)
    async with trunk.call("12345", caller="13800138000") as call:
        arrived = await here.arrival()
        caller = citizen(arrived.leg_id)
        await here.plan(arrived.call_id, caller, served("leg-1", theirs, caller_id="+8613800138000"))
        ringing = await phone.rings()
        await here.told(LegChanged, leg_id="leg-1", state="ringing")
        assert "+8613800138000" in ringing.caller
        assert ringing.invite_request is not None
        told = [ringing.invite_request[f"x-lianxin-{name}"] for name in ("call", "leg", "role")]
        assert told == [arrived.call_id, "leg-1", "agent"]
        await ringing.answer()
        await here.told(LegChanged, leg_id="leg-1", state="answered")
        call.say(CALLER_HZ)
        ringing.say(AGENT_HZ)
        await ringing.hears(CALLER_HZ)
        await call.hears(AGENT_HZ)
        channel = marks.dialled_channel("leg-1", 0)
        secured = [
            await here.board.ari.variable(channel, f"CHANNEL({what})") for what in ("pjsip,secure", "rtp,secure,audio")
        ]
        assert secured == (["1", "1"] if is_encrypted else ["0", "0"])  # signalling and audio

        held = citizen(arrived.leg_id, Listen(activity_id="hold", background="music"))
        await here.plan(arrived.call_id, held, served("leg-1", theirs))
        await ringing.hears_silence()
        await call.hears_something()

        await here.plan(arrived.call_id, caller, served("leg-1", theirs), agent("leg-2", ours))
        third = await colleague.rings()
        await third.answer()
        third.say(OTHER_HZ)
        await call.hears(OTHER_HZ, least=0.3)
        await call.hears(AGENT_HZ, least=0.3)
        await ringing.hears(CALLER_HZ, least=0.3)
        await ringing.hears(OTHER_HZ, least=0.3)

        whisper = Spy(activity_id="whisper", target="leg-1", mode="whisper")
        await here.plan(arrived.call_id, caller, served("leg-1", theirs), agent("leg-2", ours, whisper))
        await third.hears(AGENT_HZ, least=0.3)
        await ringing.hears(OTHER_HZ, least=0.3)
        await call.hears(AGENT_HZ, least=0.9)

        await ringing.hang_up()
        ended = await here.ended("leg-1")
        assert (ended.cause, ended.by_far_end) == ("normal", True)
        await here.plan(arrived.call_id)
        assert await call.ended() == "BYE"


async def test_a_colleague_at_another_engine_is_called_and_says_why_they_cannot_be(pair: Pair) -> None:
    here, there = pair.here, pair.there
    phone, colleague = await here.phone("agent-5"), await there.phone("agent-6")
    async with phone.call("3021") as call:
        arrived = await here.arrival()
        caller = citizen(arrived.leg_id, Listen(activity_id="r", background="ringing"))
        await here.plan(arrived.call_id, caller, served("leg-none", "nobody"))
        assert (await here.ended("leg-none")).cause == "unreachable"
        colleague.rejects_with = 486
        await here.plan(arrived.call_id, caller, served("leg-busy", "agent-6"))
        assert (await here.ended("leg-busy")).cause == "busy"
        told = Listen(activity_id="told", prompts=(Prompt(tone="busy", pause_s=1.0),))
        await here.plan(arrived.call_id, citizen(arrived.leg_id, told))
        await call.hears(BUSY_HZ)
        assert (await here.told(ActivityEnded, activity_id="told")).outcome == "done"
        colleague.rejects_with = None
        await here.plan(arrived.call_id, caller, served("leg-off", "agent-6"))
        gives_up = await colleague.rings()
        await here.plan(arrived.call_id, caller)
        assert await gives_up.ended() == "CANCEL"
        await here.plan(arrived.call_id, citizen(arrived.leg_id), served("leg-2", "agent-6", auto_answer=True))
        ringing = await colleague.rings()
        assert ringing.invite_request is not None
        assert "answer-after=0" in ringing.invite_request["call-info"]
        await ringing.answer()
        call.say(CALLER_HZ)
        ringing.say(OTHER_HZ)
        await call.hears(OTHER_HZ)
        await ringing.hears(CALLER_HZ)
        await here.plan(arrived.call_id)
        assert await ringing.ended() == "BYE"


async def test_nobody_is_taken_for_an_engine_by_its_name(pair: Pair) -> None:
    await pair.there.phone("agent-7")
    for password in ("", "guessed"):
        async with (
            Phone(pair.there.board.sip, engine_name(HERE), password=password) as stranger,
            stranger.call("agent-7") as call,
        ):
            assert await call.ended() == "401"
