"""Several parties in a call on the real engine; what each of them hears is proved by its frequency."""

from core.events.calls import Dial, LegPlan, Listen, Talk
from tests.plugins.voice.support.call import Call
from tests.plugins.voice.support.phone import Phone
from tests.plugins.voice.support.stage import MAIN, Stage, agent, citizen, talking

CALLER_HZ, AGENT_HZ, COLLEAGUE_HZ, BANK_HZ, OFFICE_HZ = 440.0, 620.0, 850.0, 1_100.0, 1_400.0
ASIDE = Talk(activity_id="consult", room="consult")
HELD = Listen(activity_id="hold", background="silence")


def outside(leg_id: str, number: str, activity: Talk = MAIN) -> LegPlan:
    """Return the plan of somebody who is called over a trunk."""
    return LegPlan(leg_id=leg_id, role="outside", activity=activity, dial=Dial(target=f"tel:+86{number}"))


async def pick_up(trunk: Phone, number: str, frequency_hz: float) -> Call:
    """Answer the next call at the trunk's far end, which is for ``number``, and talk."""
    call = await trunk.rings()
    assert call.dialled == f"0{number}"
    await call.answer()
    call.say(frequency_hz)
    return call


async def test_an_outside_line_is_asked_while_the_citizen_hears_nothing_of_it_and_then_has_the_call(
    voice: Stage, trunk: Phone
) -> None:
    await voice.line_is_up("trunk")
    phone = await voice.phone("agent-1")
    async with trunk.call("12345") as call:
        call_id, caller, _, desk = await talking(voice, call, phone)
        call.say(CALLER_HZ)
        desk.say(AGENT_HZ)
        held, asking = citizen(caller.leg_id, HELD), agent("leg-agent", "agent-1", ASIDE)
        await voice.plan(call_id, held, asking, outside("leg-bank", "1088888888", ASIDE))
        bank = await pick_up(trunk, "1088888888", BANK_HZ)
        await bank.hears(AGENT_HZ)
        await desk.hears(BANK_HZ)
        await call.hears_silence()
        await voice.plan(call_id, caller, outside("leg-bank", "1088888888"))  # handed over
        assert await desk.ended() == "BYE"
        await call.hears(BANK_HZ)
        await bank.hears(CALLER_HZ)
        await voice.plan(call_id)
        assert await bank.ended() == "BYE"


async def test_in_a_conference_of_five_from_inside_and_outside_everybody_hears_everybody_else(
    voice: Stage, trunk: Phone
) -> None:
    await voice.line_is_up("trunk")
    phone, colleague = await voice.phone("agent-1"), await voice.phone("agent-2")
    async with trunk.call("12345") as call:
        call_id, caller, served, desk = await talking(voice, call, phone)
        call.say(CALLER_HZ)
        desk.say(AGENT_HZ)
        parties = [caller, served, agent("leg-2", "agent-2")]
        await voice.plan(call_id, *parties)
        other = await colleague.rings()
        await other.answer()
        other.say(COLLEAGUE_HZ)
        heard = {CALLER_HZ: call, AGENT_HZ: desk, COLLEAGUE_HZ: other}
        for leg_id, number, frequency_hz in (
            ("leg-bank", "1088888888", BANK_HZ),
            ("leg-office", "1066666666", OFFICE_HZ),
        ):
            parties.append(outside(leg_id, number))
            await voice.plan(call_id, *parties)
            heard[frequency_hz] = await pick_up(trunk, number, frequency_hz)
        for own_hz, ear in heard.items():
            for frequency_hz in heard:
                if frequency_hz != own_hz:
                    await ear.hears(frequency_hz, least=0.1)
        await voice.plan(call_id, caller, served)  # taken back: the others are let go, both talk on
        for frequency_hz in (COLLEAGUE_HZ, BANK_HZ, OFFICE_HZ):
            assert await heard[frequency_hz].ended() == "BYE"
        await call.hears(AGENT_HZ)
        await desk.hears(CALLER_HZ)
