"""Whatever the engine tells, in whatever order, however often: no call hangs on for ever, none fails in itself."""

import asyncio
import itertools
import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import decode_settings
from core.events.calls import CallPlan, Dial, LegPlan, Listen, Ring, Talk
from plugins.voice import call as calls
from plugins.voice import marks
from plugins.voice.ari import AriEvent, AriUnavailable, Channel, Conflict, Gone, Refused
from plugins.voice.ari.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelLeftBridge,
    ChannelStateChange,
    ChannelTalkingStarted,
    PlaybackFinished,
    PlaybackStarted,
    RecordingFinished,
    StasisEnd,
    StasisStart,
)
from plugins.voice.ari.model import Bridge, LiveRecording, Playback
from plugins.voice.config import VoiceConfig
from plugins.voice.context import Context
from plugins.voice.dialled import DialledLegs
from plugins.voice.items import Recheck
from plugins.voice.lines import Lines
from plugins.voice.occupancy import Occupancy
from plugins.voice.prompts import Prompts
from plugins.voice.switchboard import Switchboard
from tests.plugins.memory_link import MemoryLink

AT = "2026-11-22T18:00:00.125+0800"
CALL = marks.arrived_call("the-instance", "c-1")
CALLER = marks.arrived_leg("the-instance", "c-1")
CHANNELS = ("c-1", marks.dialled_channel("leg-1", 0), "c-unheard-of")
FAULTS = (None, None, None, Gone(404, "gone"), Conflict(409, "no"), Refused(400, "no"), AriUnavailable("away"))

marked = st.sampled_from(("", marks.Mark(call_id=CALL, leg_id="leg-1", role="agent").encode(), "{", '{"call_id": 7}'))
channels = st.builds(
    Channel,
    id=st.sampled_from(CHANNELS),
    state=st.sampled_from(("Down", "Ring", "Ringing", "Up", "Unknown")),
    name=st.just("PJSIP/trunk-1"),
    creationtime=st.just(AT),
    channelvars=st.builds(lambda value: {marks.VARIABLE: value}, marked),
)
playbacks = st.builds(
    Playback,
    id=st.sampled_from((marks.playback(CALLER, "a"), marks.playback("leg-1", "a"), "play~", "")),
    target_uri=st.sampled_from(("channel:c-1", "bridge:x", "")),
    state=st.sampled_from(("done", "failed", "")),
)
args = st.sampled_from((("inbound", "trunk", "12345"), ("leg", CALL, "leg-1"), ("ear", CALL), ("x",), ()))
names = st.sampled_from((marks.message(CALL, CALLER, "a"), f"tape~{CALL}~r~1~left", "message~", "~", ""))
told = {
    StasisStart: {"channel": channels, "args": args},
    StasisEnd: {"channel": channels},
    ChannelStateChange: {"channel": channels},
    ChannelDtmfReceived: {"channel": channels, "digit": st.sampled_from("1#")},
    ChannelTalkingStarted: {"channel": channels},
    ChannelDestroyed: {"channel": channels, "cause": st.sampled_from((0, 16, 17, 34, 999))},
    ChannelLeftBridge: {"channel": channels, "bridge": st.just(Bridge(id=marks.bridge(CALL, "main")))},
    PlaybackStarted: {"playback": playbacks},
    PlaybackFinished: {"playback": playbacks},
    RecordingFinished: {"recording": st.builds(LiveRecording, name=names)},
}
events = st.one_of([st.builds(kind, timestamp=st.just(AT), **fields) for kind, fields in told.items()])
activities = st.one_of(
    st.just(Ring(activity_id="r")),
    st.builds(Listen, activity_id=st.just("a"), background=st.sampled_from(("music", "silence"))),
    st.builds(Talk, activity_id=st.just("main"), is_muted=st.booleans()),
)
callers = st.builds(LegPlan, leg_id=st.just(CALLER), role=st.just("caller"), activity=activities)
agents = st.builds(
    LegPlan, leg_id=st.just("leg-1"), role=st.just("agent"), activity=activities, dial=st.just(Dial(target="phone:x"))
)
plans = st.lists(st.one_of(callers, agents), max_size=2, unique_by=lambda leg: leg.leg_id)
happenings = st.lists(st.one_of(events, events, plans), min_size=1, max_size=25)


class PaperAri:
    """An engine that answers everything as drawn, until it ``is_over``: then it has no channel any more."""

    def __init__(self, faults: list[Exception | None]) -> None:
        self.is_over = False
        self._faults = itertools.cycle(faults)

    def __getattr__(self, name: str) -> Any:
        async def ask(*args: Any, **more: Any) -> Any:
            await asyncio.sleep(0)
            if self.is_over:
                if name in ("channel", "playback"):
                    raise Gone(404, "gone")
            elif (fault := next(self._faults)) is not None:
                raise fault
            return Channel(id=CHANNELS[1], state="Down", creationtime=AT)

        return ask

    async def fetch_recording(self, name: str) -> AsyncIterator[bytes]:
        raise Gone(404, name)
        yield b""


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Yield what the plugin logs as an error of its own."""
    seen: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: seen.append(record.getMessage() + str(record.exc_info))  # type: ignore[method-assign]
    log = logging.getLogger("plugins.voice")
    log.addHandler(handler)
    try:
        yield seen
    finally:
        log.removeHandler(handler)


async def live_through(folder: Path, things: list[AriEvent | list[LegPlan]], faults: list[Exception | None]) -> None:
    ari: Any = PaperAri(faults)
    link = MemoryLink(folder)
    config = decode_settings(VoiceConfig, {})
    context = Context(
        ari,
        link,
        config,
        Prompts(link, folder / "prompts"),
        DialledLegs(folder / "dialled"),
        Occupancy(ari, config.trunks),
    )
    switchboard = Switchboard(context, Lines(ari, link, config, context.trunks_down))
    for revision, thing in enumerate(things, 1):
        if isinstance(thing, list):
            switchboard.arrange(CallPlan(call_id=CALL, revision=revision, legs=tuple(thing)))
        else:
            switchboard.take(thing)
        for _ in range(3):
            await asyncio.sleep(0)
    ari.is_over = True
    switchboard.arrange(CallPlan(call_id=CALL, revision=1_000, legs=()))
    async with asyncio.timeout(30):
        while carried := switchboard.carried():
            for call_id in carried:
                switchboard.arrange(CallPlan(call_id=call_id, revision=1_000, legs=()))
                switchboard._call(call_id).put(Recheck())
            await asyncio.sleep(0.002)
    await switchboard.close()


@settings(max_examples=150, deadline=None)
@given(happenings, st.lists(st.sampled_from(FAULTS), min_size=1, max_size=12))
def test_no_order_of_events_leaves_a_ghost_or_breaks_a_call(
    things: list[AriEvent | list[LegPlan]], faults: list[Exception | None]
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(calls, "RETRY_S", 0.001),
        complaints() as seen,
    ):
        asyncio.run(live_through(Path(folder), things, faults))
    assert seen == []
