"""Calls between colleagues: a work number dialled at the desk or on a desk phone, which no citizen has part in.

They are no work: nobody waits for them, nobody wraps them up, nothing is recorded.
"""

import logging
from datetime import datetime
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from core.bus import Bus
from core.config import Settings
from core.events import (
    ActivityEnded,
    CallArrived,
    Dial,
    KeysPressed,
    LegChanged,
    LegPlan,
    Listen,
    MediaFlowed,
    Prompt,
    RecordingEnded,
    Ring,
    Talk,
)
from core.events.calls import Cause
from core.ids import derived_id
from hub.accounts.identity import Identity
from hub.calls.internal_plans import plan_of
from hub.calls.phones import Phones, Reached
from hub.desktop.desk import Desk
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.presence import is_locked
from hub.errors import ApiError
from hub.store.models import InternalCall, Phone, User
from hub.units import Unit, Units

log = logging.getLogger(__name__)

CallEvent: TypeAlias = LegChanged | MediaFlowed | KeysPressed | ActivityEnded | RecordingEnded

OWN_PHONE: Final = "phone:"  # scheme of a caller who is one of us
OWN_RING_S: Final = 20.0
RING_S: Final = 30.0
TALK: Final = Talk(activity_id="main")
RINGING: Final = Listen(activity_id="calling", background="ringing")
NOT_REACHED: Final = Listen(activity_id="not-reached", prompts=(Prompt(tone="busy", pause_s=4.0),))


class ColleagueCall(Settings, frozen=True, kw_only=True):
    """Which colleague is called."""

    client_id: Annotated[str, Meta(min_length=1, max_length=64)]
    work_number: Annotated[str, Meta(min_length=1, max_length=32)]


class CallBegun(msgspec.Struct, frozen=True):
    """A call whose first phone is being rung."""

    call_id: str


class InternalCalls:
    """Plans calls of two parties: whoever calls, and the colleague, who is rung once the caller is there."""

    def __init__(self, units: Units, bus: Bus, desk: Desk, phones: Phones, dispatcher: Dispatcher) -> None:
        self._units = units
        self._bus = bus
        self._desk = desk
        self._phones = phones
        self._dispatcher = dispatcher

    async def begin(self, identity: Identity, new: ColleagueCall) -> CallBegun:
        """Ring the user's own phone, then the colleague's; with the same ``client_id`` it is the same call.

        409 ``no_phone``, ``phone_unreachable``, ``locked_state``; 422 for a work number that nobody else has.
        """
        call_id = derived_id("internal", identity.user_id, new.client_id)
        async with self._units.open() as unit:
            if await InternalCall.exists(call_id=call_id):
                return CallBegun(call_id)
            if is_locked(self._dispatcher.agents.get(identity.user_id)):
                raise ApiError(409, "locked_state", "a supervisor has locked this agent")
            own = self._phones.of(identity.user_id)
            if own is None:
                raise ApiError(409, "no_phone", "no phone of yours can be rung")
            colleague = await self._colleague(new.work_number, identity.user_id)
            if colleague is None:
                raise ApiError(422, "invalid", "no such colleague", fields={"work_number": "unknown"})
            if self._phones.of(colleague.user_id) is None:
                raise ApiError(409, "phone_unreachable", "that colleague has no phone that can be rung")
            row = _call(call_id, own.instance, identity.user_id, colleague, unit.now)
            dial = _dial(own, colleague, ring_s=OWN_RING_S, answers_itself=True)
            leg_id = derived_id("calling", call_id)
            self._plan(unit, row, LegPlan(leg_id=leg_id, role="colleague", activity=RINGING, dial=dial))
        return CallBegun(call_id)

    async def arrived(self, unit: Unit, instance: str, event: CallArrived) -> None:
        """Somebody has dialled on a phone of ours; what is no colleague's number is refused."""
        if await self._find(unit, event.call_id) is not None:
            return
        phone = await Phone.get_or_none(phone_id=event.caller.removeprefix(OWN_PHONE), instance=instance)
        if phone is None:
            log.warning("%s reports a call of a phone that nobody has", instance)
            return
        colleague = await self._colleague(event.dialled, phone.user_id)
        row = _call(event.call_id, instance, phone.user_id, colleague, event.arrived_at)
        caller = LegPlan(leg_id=event.leg_id, role="colleague", activity=Ring(activity_id="arrived"))
        called = self._called(row, await User.get(user_id=phone.user_id))
        if colleague is None or is_locked(self._dispatcher.agents.get(phone.user_id)):
            row.ended_at, row.cause = unit.now, "unreachable"
            self._plan(unit, row)
        elif called is None:
            await self._not_reached(unit, row, caller, "unreachable")
        else:
            self._plan(unit, row, caller, called)

    async def take(self, unit: Unit, instance: str, event: CallEvent) -> bool:
        """Take what became of a party; False when the call is none between colleagues."""
        row = await self._find(unit, event.call_id)
        if row is None or row.instance != instance:
            return False
        legs = msgspec.convert(row.legs, tuple[LegPlan, ...])
        if isinstance(event, RecordingEnded) or event.leg_id not in [leg.leg_id for leg in legs]:
            return True
        match event:
            case LegChanged(state="answered"):
                await self._answered(unit, row, legs, event)
            case LegChanged(state="ended") if event.leg_id != legs[0].leg_id and row.talked_at is None:
                await self._not_reached(unit, row, legs[0], event.cause)
            case LegChanged(state="ended"):
                self._end(unit, row, event.at, event.cause)
            case ActivityEnded(activity_id="not-reached"):
                self._end(unit, row, event.at, "normal")
            case _:
                pass  # what else happens in it is nobody's business
        return True

    # inside

    async def _colleague(self, work_number: str, caller_id: str) -> User | None:
        return await User.filter(work_number=work_number, is_active=True).exclude(user_id=caller_id).first()

    async def _find(self, unit: Unit, call_id: str) -> InternalCall | None:
        kept = unit.kept.get(("internal", call_id))
        row = kept if isinstance(kept, InternalCall) else await InternalCall.get_or_none(call_id=call_id)
        if row is not None:
            unit.kept["internal", call_id] = row
        return row

    async def _answered(self, unit: Unit, row: InternalCall, legs: tuple[LegPlan, ...], event: LegChanged) -> None:
        first, *others = (_reached(leg) if leg.leg_id == event.leg_id else leg for leg in legs)
        if not others:  # the caller has lifted their own phone: now the colleague's rings
            called = self._called(row, await User.get(user_id=row.caller_id))
            if called is None:
                await self._not_reached(unit, row, first, "unreachable")
            else:
                self._plan(unit, row, first, called)
        elif event.leg_id != first.leg_id and row.talked_at is None:
            row.talked_at = event.at
            self._plan(unit, row, msgspec.structs.replace(first, activity=TALK), *others)

    async def _not_reached(self, unit: Unit, row: InternalCall, caller: LegPlan, cause: Cause) -> None:
        """Let the caller hear a tone, and read at the desk why nobody answers; then the call is over."""
        row.cause = cause
        self._plan(unit, row, msgspec.structs.replace(caller, activity=NOT_REACHED))
        colleague = await User.get_or_none(user_id=row.callee_id)
        frame = {
            "type": "signal",
            "name": "colleague_not_reached",
            "call_id": row.call_id,
            "colleague": "" if colleague is None else colleague.display_name,
            "cause": cause,
        }

        async def tell() -> None:
            self._desk.signal(row.caller_id, frame)

        unit.after(tell)

    def _end(self, unit: Unit, row: InternalCall, at: datetime, cause: Cause) -> None:
        """Let the call be over; why somebody was not reached is its cause, whatever comes after it."""
        row.ended_at, row.cause = at, row.cause or cause
        self._plan(unit, row)

    def _called(self, row: InternalCall, caller: User) -> LegPlan | None:
        phone = None if row.callee_id is None else self._phones.of(row.callee_id)
        if phone is None:
            return None
        dial = _dial(phone, caller, ring_s=RING_S)
        return LegPlan(leg_id=derived_id("called", row.call_id), role="colleague", activity=TALK, dial=dial)

    def _plan(self, unit: Unit, row: InternalCall, *legs: LegPlan) -> None:
        """Let the call be so; without legs it is over."""
        row.legs = msgspec.to_builtins(legs)
        row.revision += 1
        if row.revision == 1:
            unit.add(row)
            unit.kept["internal", row.call_id] = row
        else:
            unit.touch(row)
        plan = plan_of(row)
        unit.after(lambda: self._bus.signal(plan, row.instance))


def _call(call_id: str, instance: str, caller_id: str, colleague: User | None, at: datetime) -> InternalCall:
    callee_id = None if colleague is None else colleague.user_id
    return InternalCall(
        call_id=call_id, instance=instance, caller_id=caller_id, callee_id=callee_id, arrived_at=at, revision=0
    )


def _reached(leg: LegPlan) -> LegPlan:
    """Return the leg of somebody who has answered: should they be gone, nobody calls them again."""
    return msgspec.structs.replace(leg, dial=None)


def _dial(phone: Reached, shown: User, *, ring_s: float, answers_itself: bool = False) -> Dial:
    """Return how ``phone`` is called; ``shown`` is who is at the other end."""
    dial = phone.dial(ring_s, shown=shown.work_number, answers_itself=answers_itself)
    return dial if phone.kind == "outside" else msgspec.structs.replace(dial, caller_name=shown.display_name)
