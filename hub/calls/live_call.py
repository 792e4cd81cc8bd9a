"""One call in hand during a unit of work: its row, its parties, its plan, and what will be said."""

from datetime import datetime
from typing import Any

import msgspec

from core.events import (
    AnyActivity,
    CallLegView,
    CallPlan,
    CallView,
    Dial,
    LegPlan,
    LegRole,
    Listen,
    RecordingPlan,
    Spy,
    Talk,
)
from hub.calls.utterances import Piece, Then, Utterance
from hub.store.models import Call, CallLeg, Conversation


class LiveCall:
    """A call that one unit of work may change; whoever opened it writes it down when the unit ends."""

    def __init__(self, row: Call, conversation: Conversation, parties: list[CallLeg]) -> None:
        self.row = row
        self.conversation = conversation
        self.parties = {party.leg_id: party for party in parties}
        self.legs = {leg.leg_id: leg for leg in msgspec.convert(row.legs, tuple[LegPlan, ...])}
        self.recordings = list(msgspec.convert(row.recordings, tuple[RecordingPlan, ...]))
        self.utterance = None if row.utterance is None else msgspec.convert(row.utterance, Utterance)
        self.said: list[Piece] = []  # in this unit
        self.can_interrupt = True
        self.follows: dict[str, Any] = {}
        self.is_changed = False
        self.successor: str | None = None  # who is about to serve it: their leg stays when all others are let go

    # what there is

    @property
    def is_over(self) -> bool:
        """Whether the call has ended."""
        return self.row.ended_at is not None

    @property
    def citizen(self) -> LegPlan | None:
        """Return the leg of the citizen, or None when they have left."""
        return next((leg for leg in self.legs.values() if leg.role == "caller"), None)

    def of_user(self, user_id: str | None) -> LegPlan | None:
        """Return the leg on which a user talks or is rung, the newest one."""
        legs = [leg for leg in self.legs.values() if self.parties[leg.leg_id].user_id == user_id]
        return legs[-1] if legs and user_id is not None else None

    def answered(self, *roles: LegRole) -> list[LegPlan]:
        """Return the legs of these roles that have answered."""
        return [leg for leg in self.legs.values() if leg.role in roles and self.parties[leg.leg_id].answered_at]

    # changes

    def act(self, leg_id: str, activity: AnyActivity) -> None:
        """Let a party do something else."""
        if self.legs[leg_id].activity != activity:
            self.legs[leg_id] = msgspec.structs.replace(self.legs[leg_id], activity=activity)
            self.is_changed = True

    def call_up(self, party: CallLeg, role: LegRole, dial: Dial, *, room: str = "main") -> None:
        """Add a party that has to be called, to talk in ``room``."""
        self.parties[party.leg_id] = party
        talk = Talk(activity_id=room, room=room)
        self.legs[party.leg_id] = LegPlan(leg_id=party.leg_id, role=role, dial=dial, activity=talk)
        self.is_changed = True

    def send_keys(self, leg_id: str, keys: str, keys_id: str) -> None:
        """Send keys to a party."""
        self.legs[leg_id] = msgspec.structs.replace(self.legs[leg_id], digits=keys, digits_id=keys_id)
        self.is_changed = True

    def drop(self, leg_id: str) -> None:
        """Hang up on a party."""
        if self.legs.pop(leg_id, None) is not None:
            self.is_changed = True

    def drop_all(self, *roles: LegRole) -> None:
        """Hang up on every party of these roles, or on all."""
        for leg in list(self.legs.values()):
            if not roles or leg.role in roles:
                self.drop(leg.leg_id)

    def record(self, recordings: list[RecordingPlan]) -> None:
        """Ask for exactly these recordings."""
        if self.recordings != recordings:
            self.recordings = recordings
            self.is_changed = True

    def say(self, piece: Piece, *, can_interrupt: bool) -> None:
        """Say something when this unit is committed, after whatever else is said in it."""
        self.said.append(piece)
        self.can_interrupt = can_interrupt and self.can_interrupt

    def unsay(self) -> None:
        """Say and do nothing of what was to follow when this unit is committed."""
        self.said, self.follows, self.can_interrupt = [], {}, True

    def then(self, what: Then, **details: Any) -> None:
        """Do this once everything said in this unit has been heard."""
        self.follows = {"then": what, **details}

    @property
    def is_speaking(self) -> bool:
        """Whether the caller is being told something, or will be."""
        return bool(self.said) or self._is_playing()

    def _is_playing(self) -> bool:
        citizen, utterance = self.citizen, self.utterance
        return citizen is not None and utterance is not None and citizen.activity.activity_id == utterance.activity_id

    # how it is written down

    def plan(self) -> CallPlan:
        """Return the plan as it stands."""
        return CallPlan(
            call_id=self.row.call_id,
            revision=self.row.revision,
            legs=tuple(self.legs.values()),
            recordings=tuple(self.recordings),
        )

    def write(self) -> None:
        """Bring the row up to date, as the next revision."""
        row = self.row
        row.revision += 1
        row.legs = msgspec.to_builtins(list(self.legs.values()))
        row.recordings = msgspec.to_builtins(self.recordings)
        row.utterance = None if self.utterance is None else msgspec.to_builtins(self.utterance)

    def view(self, names: dict[str, str]) -> CallView:
        """Return the call as desks show it; ``names`` by user id."""
        row, citizen = self.row, self.citizen
        activity = None if citizen is None else citizen.activity
        return CallView(
            call_id=row.call_id,
            direction=row.direction,  # type: ignore[arg-type]
            dialled=row.dialled,
            legs=tuple(self._leg_view(leg, names) for leg in self.legs.values()),
            is_held=isinstance(activity, Listen) and row.is_held,
            is_recorded=bool(self.recordings),
            is_paused=any(recording.is_paused for recording in self.recordings),
            is_in_flow=row.visit is not None,
            keys=row.keys,
            arrived_at=row.arrived_at,
            talked_at=row.talked_at,
            ended_at=row.ended_at,
            cause=row.cause,
        )

    def _leg_view(self, leg: LegPlan, names: dict[str, str]) -> CallLegView:
        party, activity = self.parties[leg.leg_id], leg.activity
        talk = activity if isinstance(activity, Talk) else None
        state = "answered" if party.answered_at else "ringing" if party.rung_at else "dialling"
        target = party.target.removeprefix("tel:") if leg.role == "outside" else ""
        return CallLegView(
            leg_id=leg.leg_id,
            role=leg.role,
            user_id=party.user_id,
            name=names.get(party.user_id or "", target),
            state=state,  # type: ignore[arg-type]
            does=activity.__struct_config__.tag,  # type: ignore[arg-type]
            room=talk.room if talk else "",
            is_muted=talk.is_muted if talk else False,
            spy_mode=activity.mode if isinstance(activity, Spy) else None,
        )


def new_party(call: Call, leg_id: str, role: LegRole, at: datetime, **values: Any) -> CallLeg:
    """Return the row of a party that joins ``call``."""
    return CallLeg(leg_id=leg_id, call_id=call.call_id, role=role, started_at=at, **values)
