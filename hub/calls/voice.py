"""Speaks to callers: says what was to be said in a unit of work, and does what follows when it has been heard."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from core.events import Dial, Listen, Record, RecordingPlan, Talk
from core.events.calls import Background
from core.ids import derived_id, new_id
from hub.calls.asides import aside
from hub.calls.live_call import LiveCall, new_party
from hub.calls.prompts import Prompts
from hub.calls.utterances import Utterance
from hub.dispatch.queues import Queues
from hub.units import Unit

KEYS: Final = "0123456789*#"
TALK: Final = Talk(activity_id="main")
RING_OUTSIDE_S: Final = 45.0
OVER: Final = ("wrap_up", "closed")


class Voice:
    """Plans what a caller hears; ``later`` is asked to bring about sounds that do not exist yet."""

    def __init__(self, prompts: Prompts, queues: Queues, later: Callable[[Unit, LiveCall], None]) -> None:
        self._prompts = prompts
        self._queues = queues
        self._later = later

    def settle(self, unit: Unit, live: LiveCall) -> None:
        """At the end of a unit: begin what was to be said or done in it, without whoever has done serving."""
        if live.conversation.state in OVER:
            live.drop_all("agent", "supervisor")
            for leg in aside(live):  # whoever is still rung, to be asked or to have the call
                live.drop(leg.leg_id)
            live.row.is_held, live.row.visit = False, None
            if not live.answered("outside"):
                live.record([])
        if live.is_over or live.citizen is None or not (live.said or live.follows):
            return
        live.utterance = Utterance(
            activity_id=new_id(), pieces=tuple(live.said), can_interrupt=live.can_interrupt, **live.follows
        )
        live.said, live.follows = [], {}
        live.is_changed = True
        if self._prompts.known(live.utterance.pieces) is None:
            self._later(unit, live)
        else:
            self.start(unit, live)

    def start(self, unit: Unit, live: LiveCall) -> None:
        """Let the caller hear the call's utterance now; its sounds exist, as far as they ever will."""
        utterance, citizen = live.utterance, live.citizen
        if utterance is None or citizen is None or utterance.has_begun:
            return
        live.utterance = msgspec.structs.replace(utterance, has_begun=True)
        live.is_changed = True
        sounds = self._prompts.known(utterance.pieces, is_final=True)
        if not sounds:
            self.go_on(unit, live)
            return
        listen = Listen(
            activity_id=utterance.activity_id,
            prompts=tuple(sounds),
            background=_background(live) if utterance.then == "rest" else "silence",
            stop_keys=KEYS if utterance.can_interrupt else "",
        )
        live.act(citizen.leg_id, listen)

    def go_on(self, unit: Unit, live: LiveCall) -> None:
        """The utterance has been heard, or cut short: do what follows it."""
        utterance, citizen = live.utterance, live.citizen
        if utterance is None or citizen is None:
            return
        if utterance.then not in ("record", "transfer"):  # these are over when the engine says what came of them
            live.utterance = None
            live.is_changed = True
        match utterance.then:
            case "timer":
                _begin_pause(unit, live, utterance.seconds)
                self.rest(live)
            case "record":
                live.act(citizen.leg_id, Record(activity_id=utterance.message_id, max_s=utterance.seconds))
            case "transfer":
                self._dial_outside(unit, live, utterance)
            case "hang_up":
                live.drop_all()
            case "rest" | "back":
                self.rest(live)

    def cut_short(self, unit: Unit, live: LiveCall) -> bool:
        """A key was pressed: end the words before a pause, begun or not; False when they have to be heard first."""
        utterance, citizen = live.utterance, live.citizen
        if live.said:  # words that an earlier key of the same moment has brought about
            if live.can_interrupt and live.follows.get("then") == "timer":
                _begin_pause(unit, live, live.follows["seconds"])
                live.unsay()
            return live.can_interrupt
        if utterance is None or citizen is None:
            return True
        if utterance.has_begun and citizen.activity.activity_id != utterance.activity_id:
            return True  # they have been heard
        if utterance.can_interrupt and utterance.then == "timer":
            self.go_on(unit, live)
        return utterance.can_interrupt

    def rest(self, live: LiveCall) -> None:
        """Let everybody do what the conversation's state implies when nothing is being said."""
        citizen = live.citizen
        if citizen is None:
            return
        people = live.answered("agent", "outside")
        is_visiting = live.row.visit is not None
        if people and not live.row.is_held and not is_visiting and live.conversation.state != "queued":
            live.act(citizen.leg_id, TALK)
            self.record(live)
        elif live.conversation.state in OVER and live.conversation.flow_state is None:
            live.drop_all()
        else:
            background = _background(live)
            playing = citizen.activity
            if not (isinstance(playing, Listen) and playing.background == background):
                live.act(citizen.leg_id, Listen(activity_id=f"wait-{background}", background=background))

    def record(self, live: LiveCall) -> None:
        """Record the talk from now on, if it is one and should be recorded."""
        is_rung = live.row.direction == "out" and not live.answered("caller")
        if not live.recordings and live.answered("agent") and not is_rung and self._is_recorded(live):
            live.record([RecordingPlan(recording_id=derived_id("recording", live.row.call_id, new_id()))])

    def _is_recorded(self, live: LiveCall) -> bool:
        if live.row.is_recorded is not None:
            return bool(live.row.is_recorded)
        percent = self._queues.settings(live.conversation.queue_id or "").recorded_percent
        return UUID(derived_id("share", live.row.call_id)).int % 100 < percent  # the same however often it is asked

    def _dial_outside(self, unit: Unit, live: LiveCall, utterance: Utterance) -> None:
        leg_id = derived_id("outside", live.row.call_id, utterance.activity_id)
        party = new_party(live.row, leg_id, "outside", unit.now, target=f"tel:{utterance.number}")
        unit.add(party)
        live.call_up(party, "outside", Dial(target=party.target, ring_s=RING_OUTSIDE_S))
        citizen = live.citizen
        assert citizen is not None
        live.act(citizen.leg_id, Listen(activity_id=f"ringing-{leg_id}", background="ringing"))


def _begin_pause(unit: Unit, live: LiveCall, seconds: float) -> None:
    live.conversation.flow_timer_at = unit.now + timedelta(seconds=seconds)
    unit.touch(live.conversation)


def _background(live: LiveCall) -> Background:
    is_served = live.conversation.state == "active"
    if live.conversation.state == "queued" or (is_served and (live.row.is_held or not live.answered("agent"))):
        return "music"
    return "silence"
