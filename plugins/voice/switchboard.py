"""All calls of one engine: what happens goes to the call it belongs to, so does what is planned.

It lives as long as one connection to the engine. After a break there is a new one, which takes stock.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Coroutine
from typing import Any, Final

from core.events import CallArrived, CallPlan
from plugins.voice import marks, messages, tapes
from plugins.voice.ari import AriEvent, Channel, Conflict, Gone, Refused, Snapshot, channel_of
from plugins.voice.ari.events import (
    ChannelDestroyed,
    ContactStatusChange,
    EndpointStateChange,
    PlaybackFinished,
    PlaybackStarted,
    RecordingFailed,
    RecordingFinished,
    StasisStart,
)
from plugins.voice.call import FALLBACK, OWN_PHONE, Call
from plugins.voice.context import Context
from plugins.voice.items import Arrived, Elsewhere, Found, FoundMessage, FoundTape, Recheck
from plugins.voice.lines import Lines
from plugins.voice.numbers import caller, shown_name

log = logging.getLogger(__name__)

INBOUND: Final = "inbound"  # first argument of a call from a trunk; the other is "phones"
MAX_OVER: Final = 5_000
UNHEARD: Final = (  # half of all that the engine tells of a call
    "BridgeCreated",
    "BridgeDestroyed",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelCreated",
    "ChannelDialplan",
    "ChannelEnteredBridge",
    "ChannelTalkingFinished",
    "ChannelVarset",
    "Dial",
    "RecordingStarted",
)


class Switchboard:
    """Routes events and plans to calls; ``close`` leaves the calls to the engine."""

    def __init__(self, context: Context, lines: Lines) -> None:
        self._context = context
        self._lines = lines
        self.has_stock = False  # before, a plan's parties would all seem to be gone
        self._calls: dict[str, Call] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._by_channel: dict[str, str] = {}  # of callers' channels, which bear no mark at first
        self._over: OrderedDict[str, int] = OrderedDict()  # revisions of calls that have ended

    def carried(self) -> dict[str, int]:
        """Return the calls there are, and by which plan each is arranged."""
        return {call_id: call.revision for call_id, call in self._calls.items()}

    def channel_of(self, call_id: str, leg_id: str) -> str | None:
        """Return the channel of a leg that has answered, None when there is none."""
        call = self._calls.get(call_id)
        leg = call.stock.legs.get(leg_id) if call is not None else None
        return leg.channel_id if leg is not None and leg.is_ours and leg.status == "up" else None

    def arrange(self, plan: CallPlan) -> None:
        """Take over a plan."""
        if plan.call_id not in self._calls and (not plan.legs or plan.revision <= self._over.get(plan.call_id, 0)):
            return
        self._call(plan.call_id).put(plan)

    async def close(self) -> None:
        """Stop steering; nobody is hung up."""
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    async def take_stock(self, stock: Snapshot) -> None:
        """Take up all calls that the engine has."""
        await self._context.ari.leave_out(*UNHEARD)
        ours = set(stock.application.channel_ids)
        unheard = []
        for channel in stock.channels:
            mark = marks.read(channel.channelvars.get(marks.VARIABLE, ""))
            if mark is not None:
                self._by_channel[channel.id] = mark.call_id
                is_ours = (channel.id in ours and channel.state == "Up") or channel.state == "Ring"
                self._call(mark.call_id).put(Found(mark, channel, is_ours, stock.bridges))
                if channel.id not in ours:
                    unheard.append(channel.id)
            elif channel.id in ours and channel.name.startswith("PJSIP/"):
                await self._take_unmarked(channel)
            elif channel.dialplan.context == FALLBACK:
                self._wait_for(channel)
                unheard.append(channel.id)
        for channel_id in unheard:
            await self._hear_of(channel_id)
        await self._find_files()
        self.has_stock = True
        await self._lines.take_stock()
        await self._clear(stock)

    def take(self, event: AriEvent) -> None:
        """Pass an event on to whom it concerns."""
        match event:
            case ContactStatusChange() | EndpointStateChange():
                self._lines.take(event)
                return
            case StasisStart(args=(first, endpoint, dialled)) if first == INBOUND:
                self._arrived(event.channel, endpoint, dialled)
                return
            case StasisStart(args=("phones", phone_id, dialled)):
                self._arrived(event.channel, "", dialled, phone_id=phone_id)
                return
        call = self._calls.get(self._call_id(event))
        if call is not None:
            call.put(event)
        if isinstance(event, ChannelDestroyed):
            self._by_channel.pop(event.channel.id, None)

    async def _hear_of(self, channel_id: str) -> None:
        """Have what happens to a channel that is not in our hands told to us; one that ended meanwhile is missed."""
        try:
            await self._context.ari.subscribe(channel_id)
        except (Gone, Conflict, Refused):
            call = self._calls.get(self._by_channel[channel_id])
            if call is not None:  # otherwise it has ended by now, told by another of its channels
                call.put(Recheck())

    # arriving

    async def _take_unmarked(self, channel: Channel) -> None:
        """Take up somebody who came to us and of whom our predecessor noted nothing."""
        try:
            dialled = await self._context.ari.variable(channel.id, "DIALLED")
        except Gone:
            return
        if trunk := self._context.trunk_of(channel):
            self._arrived(channel, trunk, dialled)
        else:
            self._arrived(channel, "", dialled, phone_id=channel.endpoint)

    def _wait_for(self, channel: Channel) -> None:
        """Let nobody think that a caller is gone whom the engine serves now: a plan may name them."""
        instance = self._context.link.instance
        call_id = self._by_channel[channel.id] = marks.arrived_call(instance, channel.id)
        self._call(call_id).put(Elsewhere(channel, marks.arrived_leg(instance, channel.id)))

    def _arrived(self, channel: Channel, trunk: str, dialled: str, *, phone_id: str = "") -> None:
        instance = self._context.link.instance
        call_id = marks.arrived_call(instance, channel.id)
        self._by_channel[channel.id] = call_id
        number = f"{OWN_PHONE}{phone_id}" if phone_id else caller(channel.caller.number, self._context.config)
        arrival = CallArrived(
            call_id=call_id,
            leg_id=marks.arrived_leg(instance, channel.id),
            caller=number,
            caller_name=shown_name(channel.caller.name),
            dialled=dialled[:40],
            trunk=trunk,
            arrived_at=channel.created_at,
        )
        self._call(call_id).put(Arrived(channel, arrival))

    def _keep(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks[name] = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._tasks.pop(name, None))

    # calls

    def _call(self, call_id: str) -> Call:
        if (call := self._calls.get(call_id)) is not None:
            return call
        call = self._calls[call_id] = Call(self._context, call_id)
        task = self._tasks[call_id] = asyncio.create_task(call.run())
        task.add_done_callback(lambda task: self._ended(call, task))
        return call

    def _ended(self, call: Call, task: asyncio.Task[None]) -> None:
        self._calls.pop(call.call_id, None)
        self._tasks.pop(call.call_id, None)
        self._over[call.call_id] = call.revision
        if len(self._over) > MAX_OVER:
            self._over.popitem(last=False)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("call %s was given up", call.call_id, exc_info=error)

    def _call_id(self, event: AriEvent) -> str:
        match event:
            case RecordingFinished(recording=item) | RecordingFailed(recording=item):
                parts = item.name.split("~")
                return parts[1] if len(parts) > 1 else ""
            case StasisStart(args=("ear", call_id)):
                return call_id
            case PlaybackStarted() | PlaybackFinished():
                return self._by_channel.get(channel_of(event) or "", "")
        channel: Channel | None = getattr(event, "channel", None)
        if channel is None:
            return ""
        mark = marks.read(channel.channelvars.get(marks.VARIABLE, ""))
        if mark is not None:
            self._by_channel[channel.id] = mark.call_id
            return mark.call_id
        return self._by_channel.get(channel.id, "")

    async def _find_files(self) -> None:
        """Take up recordings and voice messages, and hand in those of calls that are over."""
        found: dict[tuple[str, str], list[str]] = {}
        for name in sorted(recording.name for recording in await self._context.ari.stored_recordings()):
            if (ids := marks.parts_of(name, "tape", 4)) is not None:
                found.setdefault((ids[0], ids[1]), []).append(name)
            elif (ids := marks.parts_of(name, "message", 3)) is not None:
                self._found_message(ids[0], name)
        for (call_id, recording_id), names in found.items():
            if (call := self._calls.get(call_id)) is not None:
                call.put(FoundTape(recording_id, names))
            else:
                self._keep(recording_id, tapes.hand_in_orphan(self._context, call_id, recording_id, names))

    def _found_message(self, call_id: str, name: str) -> None:
        if (call := self._calls.get(call_id)) is not None:
            call.put(FoundMessage(name))
        else:
            self._keep(name, messages.hand_in_orphan(self._context, name))

    async def _clear(self, stock: Snapshot) -> None:
        """Remove what calls that are over have left behind."""
        for bridge in stock.bridges:
            owner = marks.call_of_bridge(bridge.id)
            if owner and owner not in self._calls and not bridge.channels:
                await self._context.ari.destroy_bridge(bridge.id)
