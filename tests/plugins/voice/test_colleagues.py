"""Colleagues call each other: a desk phone dials, the other one rings, both hear each other."""

from pathlib import Path

from core.events import LegChanged
from core.events.calls import Activity, Dial, LegPlan, Ring
from tests.plugins.voice.support.engine import Board
from tests.plugins.voice.support.phone import Phone
from tests.plugins.voice.support.stage import MAIN, Stage, stage

HERE_HZ, THERE_HZ = 440.0, 620.0


def colleague(leg_id: str, activity: Activity = MAIN, dial: Dial | None = None) -> LegPlan:
    return LegPlan(leg_id=leg_id, role="colleague", activity=activity, dial=dial)  # type: ignore[arg-type]


async def test_a_desk_phone_that_dials_is_reported_and_talks_with_a_colleague(voice: Stage) -> None:
    one, other = await voice.phone("agent-1"), await voice.phone("agent-2")
    async with one.call("3022") as call:
        arrived = await voice.arrival()
        assert (arrived.caller, arrived.dialled, arrived.trunk) == ("phone:agent-1", "3022", "")
        theirs = colleague("leg-b", dial=Dial(target="phone:agent-2", caller_id="3021", caller_name="周敏"))
        await voice.plan(arrived.call_id, colleague(arrived.leg_id, Ring(activity_id="arrived")), theirs)
        await call.rang()
        ringing = await other.rings()
        assert ringing.invite_request is not None
        assert ringing.invite_request["x-lianxin-role"] == "colleague"
        assert "3021" in ringing.caller
        await ringing.answer()
        await voice.told(LegChanged, leg_id="leg-b", state="answered")
        await voice.plan(arrived.call_id, colleague(arrived.leg_id), theirs)
        await call.answered()
        call.say(HERE_HZ)
        ringing.say(THERE_HZ)
        await call.hears(THERE_HZ)
        await ringing.hears(HERE_HZ)
        await call.hang_up()
        await voice.told(LegChanged, leg_id=arrived.leg_id, state="ended")
        await voice.plan(arrived.call_id)
        assert await ringing.ended() == "BYE"


async def test_a_desk_phone_that_dials_what_is_nobody_s_is_refused(voice: Stage) -> None:
    phone = await voice.phone("agent-1")
    async with phone.call("9999") as call:
        arrived = await voice.arrival()
        await voice.plan(arrived.call_id)
        assert int(await call.ended()) >= 400


async def test_a_desk_phone_is_not_kept_waiting_while_nobody_decides(
    board: Board, trunk: Phone, tmp_path: Path
) -> None:
    async with stage(board, tmp_path, trunk, plan_wait_s=1.0) as voice:
        phone = await voice.phone("agent-1")
        async with phone.call("3022") as call:
            await voice.arrival()
            assert int(await call.ended(within_s=20)) >= 400
