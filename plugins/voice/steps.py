"""Does the steps that bring a call to its plan: requests to the engine, and what they change in the stock."""

import math
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from core.events.calls import AnyActivity, Background, LegPlan, Listen, Record, Ring, Spy, Talk
from core.tasks import Tasks
from plugins.voice import marks
from plugins.voice.accounts import engine_name
from plugins.voice.ari import Conflict, Gone, Refused
from plugins.voice.causes import NORMAL, REJECTED
from plugins.voice.context import Context
from plugins.voice.marks import Mark
from plugins.voice.noting import note
from plugins.voice.numbers import Way, shown_name, ways
from plugins.voice.reconcile import (
    Answer,
    Begin,
    Call,
    CloseRoom,
    EndTape,
    Enter,
    HangUp,
    Indicate,
    Leg,
    LegStep,
    Lose,
    Mute,
    SendKeys,
    Sound,
    StartTape,
    Step,
    Stock,
    StopTape,
    doing,
)
from plugins.voice.reports import Reports
from plugins.voice.tapes import Tapes

ROOM: Final = "mixing,dtmf_events"  # keys pressed while talking are reported, too
LISTEN_FOR_SOUND: Final = {"TALK_DETECT(set)": ""}
AUTO_ANSWER: Final = {  # RFC 5373 is not understood by anybody; these two are
    "PJSIP_HEADER(add,Call-Info)": "<sip:lianxin>;answer-after=0",
    "PJSIP_HEADER(add,Alert-Info)": "<http://lianxin>;info=alert-autoanswer;delay=0",
}

Prepared = Callable[[str], None]  # whose sounds are there now


class Hands:
    """Does what one call needs done; ``prepared`` is called when sounds that were missing have been fetched."""

    def __init__(
        self, context: Context, call_id: str, *, stock: Stock, reports: Reports, tapes: Tapes, prepared: Prepared
    ) -> None:
        self._context = context
        self._ari = context.ari
        self._call_id = call_id
        self._stock = stock
        self._reports = reports
        self._tapes = tapes
        self._prepared = prepared
        self._ways: dict[str, tuple[LegPlan, tuple[Way, ...]]] = {}
        self._sounds: dict[str, list[Path]] = {}  # of activities that are about to begin
        self._tasks = Tasks()

    async def close(self) -> None:
        """Give up what is still being fetched."""
        await self._tasks.close()

    async def do(self, step: Step) -> None:
        """Do one step; Gone, Conflict or Refused when the engine would not."""
        match step:
            case Call():
                await self._call(step.leg)
            case Lose():
                self._stock.over.add(step.leg_id)
                self._reports.lost(step.leg_id)
            case CloseRoom():
                self._stock.rooms.discard(step.room)
                await self._ari.destroy_bridge(marks.bridge(self._call_id, step.room))
            case LegStep():
                await self._for_leg(step, self._stock.legs[step.leg_id])
            case StartTape():
                await self._tapes.start(step.recording_id, self._stock.legs[step.leg_id])
            case StopTape():
                await self._tapes.stop(step.recording_id)
            case EndTape():
                await self._tapes.end(step.recording_id)

    async def _for_leg(self, step: LegStep, leg: Leg) -> None:
        match step:
            case HangUp():
                await self._hang_up(leg)
            case Indicate():
                await self._ari.ring(leg.channel_id)
                await note(self._ari, leg, doing="ring", activity_id=step.activity_id)
            case Answer():
                await self._ari.answer(leg.channel_id)
                leg.status = "up"
            case Begin():
                await self._begin(leg, step.activity, step.room)
            case Enter():
                await self._enter(leg, step.room)
            case Mute():
                await self._mute(leg, is_muted=step.is_muted)
                await note(self._ari, leg)
            case Sound():
                await self._quiet(leg)  # ringing is something played: see docs/calls.md
                await note(self._ari, leg, background=step.background)
                await self._sound(leg, step.background)
            case SendKeys():
                if step.keys:
                    await self._ari.send_dtmf(leg.channel_id, step.keys)
                await note(self._ari, leg, digits_id=step.keys_id)

    # calling

    async def _call(self, wanted: LegPlan) -> None:
        dial = wanted.dial
        assert dial is not None
        kind, _, name = dial.target.partition(":")
        if kind == "phone":
            is_ours = dial.instance in ("", self._context.link.instance)
            line = name if is_ours else f"{name}@{engine_name(dial.instance)}"
            found: tuple[Way, ...] = (Way(f"PJSIP/{line}"),)
        else:
            found = ways(name, self._context.config, down=self._context.trunks_down)
        self._ways[wanted.leg_id] = (wanted, found)
        self._stock.called.add(wanted.leg_id)
        self._context.dialled.add(wanted.leg_id)
        if not await self.try_way(wanted.leg_id, 0):
            self._stock.over.add(wanted.leg_id)
            self._reports.ended(wanted.leg_id, "congestion" if found and kind == "tel" else "unreachable")
        elif isinstance(wanted.activity, Talk):
            await self._open_room(wanted.activity.room)  # while it rings: then nobody who answers waits for it

    async def try_way(self, leg_id: str, attempt: int) -> bool:
        """Call a party over the ``attempt``-th line, or the next that takes the call; False: there is none left."""
        wanted, found = self._ways.get(leg_id, (None, ()))
        for number, way in enumerate(found[attempt:], attempt):
            assert wanted is not None
            async with self._context.occupancy.room(way.trunk, marks.dialled_channel(leg_id, number)) as has_room:
                if has_room and await self._originate(wanted, way, number):
                    return True
        return False

    async def _originate(self, wanted: LegPlan, way: Way, attempt: int) -> bool:
        dial = wanted.dial
        assert dial is not None
        channel_id = marks.dialled_channel(wanted.leg_id, attempt)
        mark = Mark(call_id=self._call_id, leg_id=wanted.leg_id, role=wanted.role)
        if isinstance(wanted.activity, Talk) and not wanted.activity.is_muted:
            # it need not begin that any more, only enter the room
            mark = msgspec.structs.replace(mark, doing="talk", activity_id=wanted.activity.activity_id)
        variables = {marks.VARIABLE: mark.encode()}
        is_phone = dial.target.startswith("phone:")  # from elsewhere announcements come before the answer
        if is_phone:
            variables |= LISTEN_FOR_SOUND
            variables["PJSIP_HEADER(add,X-Lianxin-Call)"] = self._call_id
            variables["PJSIP_HEADER(add,X-Lianxin-Leg)"] = wanted.leg_id
            variables["PJSIP_HEADER(add,X-Lianxin-Role)"] = wanted.role
            if dial.auto_answer:
                variables |= AUTO_ANSWER
        # before it is asked for: events may come before the answer
        self._stock.legs[wanted.leg_id] = Leg(mark, channel_id, is_listened_to=is_phone, trunk=way.trunk)
        try:
            channel = await self._ari.originate(
                way.endpoint,
                channel_id,
                args=("leg", self._call_id, wanted.leg_id),
                caller_id=_caller_id(shown_name(dial.caller_name), dial.caller_id or way.caller_id),
                timeout_s=max(1, math.ceil(dial.ring_s)),
                variables=variables,
            )
        except Conflict:
            return True  # it is being called: our last request was heard, its answer was not
        except Refused:
            self._stock.legs.pop(wanted.leg_id, None)
            return False
        self._reports.changed(wanted.leg_id, "dialling", channel.created_at, trunk=way.trunk)
        return True

    async def _hang_up(self, leg: Leg) -> None:
        leg.is_leaving = True
        is_refused = leg.is_inbound and leg.status != "up"
        if leg.mark.doing == "spy":
            await self.stop_listening_in(leg)
        await self._ari.hang_up(leg.channel_id, cause=REJECTED if is_refused else NORMAL)

    # what a leg does

    async def _begin(self, leg: Leg, activity: AnyActivity, room: str) -> None:
        activity_id = activity.activity_id
        sounds: list[Path] = []
        if isinstance(activity, Listen):
            found = self._sounds.pop(activity_id, None)
            if found is None and (found := self._context.prompts.ready(activity.prompts)) is None:
                self._fetch(leg, activity)
                return
            sounds = found
        leg.preparing = ""
        if not room:
            await self._tapes.leaves(leg)
        if not (room and leg.room):
            await self._cease(leg)
        # noted first: while something is played to a channel or recorded from it, its variables cannot be set
        is_done = isinstance(activity, Listen) and not sounds
        background: Background = activity.background if isinstance(activity, Listen) and is_done else "silence"
        await note(
            self._ari, leg, doing=doing(activity), activity_id=activity_id, is_done=is_done, background=background
        )
        match activity:
            case Ring():
                await self._sound(leg, "ringing")
            case Listen():
                await self._listen(leg, activity, sounds)
                await self._sound(leg, background)
            case Record():
                await self._record(leg, activity)
            case Talk():
                await self._mute(leg, is_muted=activity.is_muted)
                await self._enter(leg, room)
            case Spy() if room:
                await self._enter(leg, room)
            case Spy() if activity.mode != "barge":
                await self._listen_in(leg, activity)

    async def _cease(self, leg: Leg) -> None:
        """End what was begun; the mark stays, so that a successor would end it once more."""
        mark = leg.mark
        match mark.doing:
            case "listen" | "ring":
                if mark.doing == "listen" and not mark.is_done:
                    await self._ari.stop_playback(marks.playback(mark.leg_id, mark.activity_id))
                await self._quiet(leg)
            case "record" if not mark.is_done:
                await self._ari.stop_recording(marks.message(mark.call_id, mark.leg_id, mark.activity_id))
            case "talk":
                await self._leave(leg)
            case "spy":
                await self._leave(leg)
                await self.stop_listening_in(leg)

    async def _listen(self, leg: Leg, activity: Listen, sounds: list[Path]) -> None:
        if sounds:
            playback_id = marks.playback(leg.mark.leg_id, activity.activity_id)
            await self._ari.play(leg.channel_id, tuple(f"sound:{path}" for path in sounds), playback_id)
        elif activity.prompts:
            self._reports.activity_ended(leg.mark.leg_id, activity.activity_id, "failed")

    def _fetch(self, leg: Leg, activity: Listen) -> None:
        leg.preparing = activity.activity_id

        async def fetch() -> None:
            found = await self._context.prompts.fetch(activity.prompts)
            self._sounds[activity.activity_id] = found
            self._prepared(leg.mark.leg_id)

        self._tasks.start(fetch())

    async def _record(self, leg: Leg, activity: Record) -> None:
        name = marks.message(self._call_id, leg.mark.leg_id, activity.activity_id)
        try:
            await self._ari.record(
                leg.channel_id,
                name,
                max_duration_s=max(1, math.ceil(activity.max_s)),
                max_silence_s=max(0, math.ceil(activity.silence_s)),
                beep=activity.has_beep,
            )
        except Conflict:
            return  # it runs

    async def _sound(self, leg: Leg, background: Background) -> None:
        """Change what a leg hears besides prompts."""
        if leg.sounds == background:
            return
        await self._quiet(leg)
        if background == "music":
            await self._ari.start_music(leg.channel_id)
        elif background == "ringing":
            await self._ari.play(leg.channel_id, ("tone:ring",), marks.ringing(leg.mark.leg_id, "background"))
        leg.sounds = background

    async def _quiet(self, leg: Leg) -> None:
        if leg.sounds == "music":
            await self._ari.stop_music(leg.channel_id)
        elif leg.sounds == "ringing":
            await self._ari.stop_playback(marks.ringing(leg.mark.leg_id, "background"))
        leg.sounds = "silence"

    async def listen_for_sound(self, leg: Leg) -> None:
        """Have the engine tell when sound comes from a leg."""
        for name, value in LISTEN_FOR_SOUND.items():
            await self._ari.set_variable(leg.channel_id, name, value)
        leg.is_listened_to = True

    async def _mute(self, leg: Leg, *, is_muted: bool) -> None:
        if leg.mark.is_muted != is_muted:
            await (self._ari.mute if is_muted else self._ari.unmute)(leg.channel_id, "in")
            leg.mark = msgspec.structs.replace(leg.mark, is_muted=is_muted)

    # rooms

    async def _enter(self, leg: Leg, room: str) -> None:
        if leg.room == room:
            return
        await self._open_room(room)
        await self._ari.add(marks.bridge(self._call_id, room), leg.channel_id)
        leg.room = room
        together = [one for one in self._stock.legs.values() if one.room == room]
        for one in together:
            one.has_talked = one.has_talked or len(together) > 1

    async def _open_room(self, room: str) -> None:
        if room not in self._stock.rooms:
            with suppress(Conflict):  # a request was heard whose answer was not
                await self._ari.create_bridge(marks.bridge(self._call_id, room), kind=ROOM)
            self._stock.rooms.add(room)

    async def _leave(self, leg: Leg) -> None:
        if leg.room:
            room, leg.room = leg.room, ""
            with suppress(Gone, Conflict, Refused):  # it was not in it any more
                await self._ari.remove(marks.bridge(self._call_id, room), leg.channel_id)
        await self._mute(leg, is_muted=False)

    async def _listen_in(self, leg: Leg, activity: Spy) -> None:
        target = self._stock.legs[activity.target]
        ear = marks.ear(leg.mark.leg_id)
        await self.stop_listening_in(leg)
        await self._ari.create_bridge(ear)
        whisper = "out" if activity.mode == "whisper" else "none"
        await self._ari.snoop(target.channel_id, ear, spy="both", whisper=whisper, args=("ear", self._call_id))  # type: ignore[arg-type]

    async def connect_ear(self, leg: Leg) -> None:
        """Let a leg hear what its ear hears, which is there now."""
        ear = marks.ear(leg.mark.leg_id)
        await self._ari.add(ear, ear, leg.channel_id)

    async def stop_listening_in(self, leg: Leg) -> None:
        """End listening in, whatever there is of it."""
        ear = marks.ear(leg.mark.leg_id)
        await self._ari.hang_up(ear)
        await self._ari.destroy_bridge(ear)


def _caller_id(name: str, number: str) -> str:
    if not number:
        return name
    return f'"{name}" <{number}>' if name else f"<{number}>"
