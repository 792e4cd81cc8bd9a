"""One call: a queue of what happened and what is planned, and a task that makes the two agree.

Each call has a task of its own, so that a slow answer about one never delays another.
"""

import asyncio
import logging
import math
from datetime import UTC, datetime
from typing import Final

from core.events import CallArrived, CallPlan
from core.events.calls import Cause, Listen, Record
from plugins.voice import causes, marks
from plugins.voice.ari import AriEvent, AriUnavailable, Channel, Conflict, Gone, Refused
from plugins.voice.ari.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    ChannelLeftBridge,
    ChannelStateChange,
    ChannelTalkingStarted,
    PlaybackFinished,
    PlaybackStarted,
    RecordingFailed,
    RecordingFinished,
    StasisEnd,
    StasisStart,
)
from plugins.voice.context import Context
from plugins.voice.items import Arrived, Elsewhere, Found, FoundMessage, FoundTape, Item, Prepared, Recheck
from plugins.voice.marks import Mark
from plugins.voice.messages import VoiceMessages
from plugins.voice.noting import note
from plugins.voice.outbox import Outbox
from plugins.voice.reconcile import Leg, LegStatus, Step, Stock, steps
from plugins.voice.reports import Reports
from plugins.voice.steps import Hands
from plugins.voice.tapes import Tapes

log = logging.getLogger(__name__)

MAX_PASSES: Final = 30  # a plan needs three or four; more is a fault of ours
MAX_FAILURES: Final = 8
RETRY_S: Final = 0.25
REPEAT_ARRIVAL_S: Final = 2.0
RETURNED_WAIT_S: Final = 3.0  # for the plan of a call that was with the engine's fall-back already
KEYS_PER_S: Final = 10
FALLBACK: Final = "fallback"  # context of the dial plan that serves calls without us
OWN_PHONE: Final = "phone:"  # of callers who are no citizens: announcements are not for them


class Call:
    """One call; ``put`` what happens, ``run`` until it is over."""

    def __init__(self, context: Context, call_id: str) -> None:
        self.call_id = call_id
        self.plan: CallPlan | None = None
        self.stock = Stock()
        self._context = context
        self._ari = context.ari
        self._items: asyncio.Queue[Item] = asyncio.Queue()
        self._outbox = Outbox(context.link)
        self._reports = Reports(call_id, self._outbox)
        self._tapes = Tapes(context, call_id, self.stock, self._outbox)
        self._hands = Hands(
            context,
            call_id,
            stock=self.stock,
            reports=self._reports,
            tapes=self._tapes,
            prepared=lambda leg_id: self.put(Prepared(leg_id)),
        )
        self._messages = VoiceMessages(context, self._reports)
        self._arrival: CallArrived | None = None
        self._gives_up_at = 0.0
        self._failures = 0
        self._began: dict[str, datetime] = {}  # playbacks
        self._timers: set[asyncio.TimerHandle] = set()

    @property
    def revision(self) -> int:
        """Return by which plan it is arranged, 0 for none."""
        return self.plan.revision if self.plan is not None else 0

    def put(self, item: Item) -> None:
        """Have ``item`` handled after everything that came before it."""
        self._items.put_nowait(item)

    async def run(self) -> None:
        """Carry the call until it is over and the hub knows."""
        sending = asyncio.create_task(self._outbox.run())
        try:
            while not self._is_over():
                item = await self._next()
                try:
                    if item is not None:
                        await self._handle(item)
                    await self._settle()
                except (AriUnavailable, Gone, Conflict, Refused) as error:
                    log.debug("call %s: %s: %s", self.call_id, type(item).__name__, error)
                    self._again(RETRY_S)
                except Exception:
                    log.exception("call %s: %s could not be handled", self.call_id, type(item).__name__)
            await self._messages.done()
            await self._tapes.done()
            await self._outbox.flushed()
        finally:
            for timer in self._timers:
                timer.cancel()
            await self._messages.close()
            await self._tapes.close()
            await self._hands.close()
            sending.cancel()
            await asyncio.wait({sending})

    def _is_over(self) -> bool:
        if self.stock.legs or self.stock.tapes or self.stock.rooms or not self._items.empty():
            return False
        return not self.plan.legs if self.plan is not None else self._arrival is not None or bool(self.stock.over)

    # waiting

    async def _next(self) -> Item | None:
        """Return the next item, or None when the hub has said nothing for too long."""
        if self._arrival is None or self.plan is not None:
            return await self._items.get()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(min(self._gives_up_at, loop.time() + REPEAT_ARRIVAL_S)):
                return await self._items.get()
        except TimeoutError:
            if loop.time() < self._gives_up_at:
                self._reports.arrived(self._arrival)
            else:
                await self._give_up()
            return None

    async def _give_up(self) -> None:
        """Leave the caller to the engine's fall-back, which brings it to us again and again."""
        self._gives_up_at = asyncio.get_running_loop().time() + 60.0
        for leg in self.stock.legs.values():
            if leg.is_ours:
                log.warning("no plan has come for call %s: the engine serves it", self.call_id)
                leg.is_ours = False
                try:
                    if self._arrival is not None and self._arrival.caller.startswith(OWN_PHONE):
                        await self._ari.hang_up(leg.channel_id, cause=causes.CONGESTION)
                    else:
                        await self._ari.continue_in_dialplan(leg.channel_id, context=FALLBACK, exten="s")
                except (Gone, Conflict):
                    log.debug("call %s has gone meanwhile", self.call_id)

    def _again(self, after_s: float) -> None:
        timer = asyncio.get_running_loop().call_later(after_s, self.put, Recheck())
        self._timers.add(timer)

    # doing

    async def _settle(self) -> None:
        """Do what the plan asks for until nothing is missing."""
        for _ in range(MAX_PASSES):
            if self.plan is None or not (todo := steps(self.plan, self.stock)):
                return
            for step in todo:
                if not await self._do(step):
                    return
        log.error("call %s cannot be brought to its plan %d", self.call_id, self.revision)

    async def _do(self, step: Step) -> bool:
        """Do one step; False when it failed and the rest has to wait."""
        try:
            await self._hands.do(step)
        except (Gone, Conflict, Refused) as error:
            self._failures += 1
            level = logging.WARNING if self._failures == MAX_FAILURES else logging.DEBUG
            log.log(level, "call %s: %s: %s", self.call_id, type(step).__name__, error)
            if self._failures < MAX_FAILURES:
                self._again(RETRY_S * self._failures)
            return False
        return True

    async def _recheck(self) -> None:
        """Find out which legs are still there: what could not be done was asked of one that is not, or not yet."""
        for leg_id, leg in list(self.stock.legs.items()):
            try:
                await self._ari.channel(leg.channel_id)
            except Gone:
                await self._gone(leg_id, leg, cause=0, at=None)

    # what happens

    async def _handle(self, item: Item) -> None:
        match item:
            case CallPlan():
                self._take(item)
            case Arrived():
                await self._arrived(item)
            case Found():
                await self._found(item)
            case Elsewhere(channel, leg_id):
                mark = Mark(call_id=self.call_id, leg_id=leg_id)
                self.stock.legs[leg_id] = Leg(mark, channel.id, status="up", is_inbound=True, is_listened_to=True)
                self.stock.legs[leg_id].trunk = self._context.trunk_of(channel)
            case FoundTape():
                self._tapes.found(item.recording_id, item.names)
            case FoundMessage():
                await self._messages.found(item.name)
            case Recheck():
                await self._recheck()
            case Prepared():
                if (leg := self.stock.legs.get(item.leg_id)) is not None:
                    leg.preparing = ""
            case _:
                await self._happened(item)

    def _take(self, plan: CallPlan) -> None:
        if plan.revision > self.revision:
            self.plan = plan
            self._failures = 0
            self.stock.called |= {leg.leg_id for leg in plan.legs if leg.leg_id in self._context.dialled}

    async def _happened(self, event: AriEvent) -> None:
        match event:
            case RecordingFinished() | RecordingFailed():
                await self._recorded(event)
            case PlaybackStarted():
                self._began.setdefault(event.playback.id, event.at)
            case PlaybackFinished():
                await self._played(event)
            case StasisStart(args=("ear", *_)):
                for leg_id, leg in self.stock.legs.items():
                    if marks.ear(leg_id) == event.channel.id:
                        await self._hands.connect_ear(leg)
            case _:
                await self._of_leg(event)

    async def _of_leg(self, event: AriEvent) -> None:
        channel: Channel | None = getattr(event, "channel", None)
        leg_id, leg = next(
            ((key, one) for key, one in self.stock.legs.items() if channel and one.channel_id == channel.id), ("", None)
        )
        if leg is None or channel is None:
            return
        match event:
            case StasisStart():
                leg.is_ours = True
                self._state(leg_id, leg, channel, event.at)
                if not leg.is_listened_to:
                    await self._hands.listen_for_sound(leg)
            case StasisEnd():
                leg.is_ours = False
            case ChannelStateChange():
                self._state(leg_id, leg, channel, event.at)
            case ChannelDtmfReceived():
                await self._key(leg_id, leg, event)
            case ChannelHangupRequest(soft=False):  # soft is what we asked for
                leg.is_hung_up = True
            case ChannelTalkingStarted():
                self._reports.media_flowed(leg_id, event.at)
            case ChannelLeftBridge() if leg.room and event.bridge.id == marks.bridge(self.call_id, leg.room):
                leg.room = ""
            case ChannelDestroyed():
                await self._gone(leg_id, leg, cause=event.cause, at=event.at, sip_code=event.tech_cause)

    async def _arrived(self, item: Arrived) -> None:
        leg_id, channel = item.event.leg_id, item.channel
        is_up = channel.state == "Up"
        self._arrival = item.event
        wait_s = RETURNED_WAIT_S if is_up else self._context.config.plan_wait_s
        self._gives_up_at = asyncio.get_running_loop().time() + wait_s
        leg = self.stock.legs.get(leg_id)
        if leg is None:
            mark = Mark(call_id=self.call_id, leg_id=leg_id)
            leg = self.stock.legs[leg_id] = Leg(mark, channel.id, is_inbound=True, is_listened_to=True)
        leg.is_ours, leg.room, leg.sounds = True, "", "silence"
        leg.trunk = item.event.trunk
        self._reports.arrived(item.event)
        self._state(leg_id, leg, channel, item.event.arrived_at)
        if is_up:  # from the engine's fall-back
            await self._ari.start_music(channel.id)
            leg.sounds = "music"
            await note(self._ari, leg, doing="listen", activity_id="", is_done=True, background="music")

    async def _found(self, item: Found) -> None:
        mark, channel = item.mark, item.channel
        leg = Leg(mark, channel.id, is_inbound=not channel.id.startswith("leg~"), is_ours=item.is_ours)
        leg.sounds = mark.background
        leg.trunk = self._context.trunk_of(channel)
        leg.has_talked = item.channel.state == "Up"
        # nobody knows how many keys were reported, but nobody presses so many: no number is used twice
        leg.keys = math.ceil((datetime.now(UTC) - channel.created_at).total_seconds() * KEYS_PER_S)
        for bridge in item.bridges:
            if (room := marks.room_of(bridge.id, self.call_id)) != "":
                self.stock.rooms.add(room)
                if channel.id in bridge.channels:
                    leg.room = room
        self.stock.legs[mark.leg_id] = leg
        self.stock.called.add(mark.leg_id)
        self._state(mark.leg_id, leg, channel, datetime.now(UTC))
        await self._tapes.found_on(leg)
        if mark.doing == "listen" and not mark.is_done:
            await self._find_playback(leg)
        elif mark.doing == "record" and not mark.is_done:
            await self._messages.found(marks.message(mark.call_id, mark.leg_id, mark.activity_id))
        elif mark.doing == "spy" and not any(bridge.id == marks.ear(mark.leg_id) for bridge in item.bridges):
            leg.mark = Mark(call_id=mark.call_id, leg_id=mark.leg_id, role=mark.role)

    async def _find_playback(self, leg: Leg) -> None:
        mark = leg.mark
        try:
            await self._ari.playback(marks.playback(mark.leg_id, mark.activity_id))
        except Gone:
            self._reports.activity_ended(mark.leg_id, mark.activity_id, "done")
            await note(self._ari, leg, is_done=True)

    def _state(self, leg_id: str, leg: Leg, channel: Channel, at: datetime) -> None:
        status: LegStatus = {"Up": "up", "Ringing": "ringing"}.get(channel.state, leg.status)  # type: ignore[assignment]
        if leg.is_inbound and status == "ringing":
            return
        if leg.status != "up":
            leg.status = status
        if status == "ringing":
            self._reports.changed(leg_id, "ringing", at, trunk=leg.trunk)
        elif channel.state == "Up":
            self._reports.changed(leg_id, "answered", at, trunk=leg.trunk)

    async def _key(self, leg_id: str, leg: Leg, event: ChannelDtmfReceived) -> None:
        leg.keys += 1
        self._reports.keys(leg_id, event.digit, leg.keys, event.at)
        wanted = next((one.activity for one in self.plan.legs if one.leg_id == leg_id), None) if self.plan else None
        if wanted is None or wanted.activity_id != leg.mark.activity_id or leg.mark.is_done:
            return
        if isinstance(wanted, Listen) and event.digit in wanted.stop_keys:
            playback_id = marks.playback(leg_id, wanted.activity_id)
            length_s = self._length_s(playback_id, event.at)
            self._reports.activity_ended(leg_id, wanted.activity_id, "interrupted", at=event.at, length_s=length_s)
            await self._ari.stop_playback(playback_id)
            await note(self._ari, leg, is_done=True)
        elif isinstance(wanted, Record) and event.digit in wanted.stop_keys:
            self._messages.stopped_by_key(wanted.activity_id)
            await self._ari.stop_recording(marks.message(self.call_id, leg_id, wanted.activity_id))

    async def _played(self, event: PlaybackFinished) -> None:
        ids = marks.parts_of(event.playback.id, "play", 2)
        leg = self.stock.legs.get(ids[0]) if ids else None
        if ids is None or leg is None or leg.mark.activity_id != ids[1] or leg.mark.is_done:
            return
        outcome = "failed" if event.playback.state == "failed" else "done"
        length_s = self._length_s(event.playback.id, event.at)
        self._reports.activity_ended(ids[0], ids[1], outcome, at=event.at, length_s=length_s)
        if leg.is_ours and not leg.is_leaving:
            await note(self._ari, leg, is_done=True)

    async def _recorded(self, event: RecordingFinished | RecordingFailed) -> None:
        ids = marks.parts_of(event.recording.name, "message", 3)
        if ids is None:
            return
        leg = self.stock.legs.get(ids[1])
        wanted = next((one.activity for one in self.plan.legs if one.leg_id == ids[1]), None) if self.plan else None
        self._messages.ended(event, wanted if isinstance(wanted, Record) else None)
        if leg is not None and leg.mark.activity_id == ids[2] and not leg.is_leaving:
            await note(self._ari, leg, is_done=True)

    def _length_s(self, playback_id: str, at: datetime) -> float:
        began = self._began.get(playback_id)
        return max(0.0, (at - began).total_seconds()) if began else 0.0

    async def _gone(self, leg_id: str, leg: Leg, *, cause: int, at: datetime | None, sip_code: int = 0) -> None:
        self.stock.legs.pop(leg_id, None)
        by_us, is_answered = leg.is_leaving, leg.status == "up"
        may_try_on = not (by_us or is_answered or leg.is_inbound) and causes.is_of_the_line(cause)
        if may_try_on and await self._hands.try_way(leg_id, marks.attempt_of(leg.channel_id) + 1):
            return
        if leg.mark.doing == "spy":
            await self._hands.stop_listening_in(leg)
        self._tapes.left(leg_id)
        self.stock.over.add(leg_id)
        word: Cause = "lost" if at is None else causes.ended(cause, is_answered=is_answered, by_us=by_us)
        if leg.is_inbound and not is_answered and not by_us and at is not None:
            word = "normal"  # the caller did not wait, whatever the engine calls it
        self._reports.ended(
            leg_id,
            word,
            at=at,
            by_far_end=not by_us,
            sip_code=sip_code,
            has_talked=leg.has_talked,
            trunk=leg.trunk,
        )
