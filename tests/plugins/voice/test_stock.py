"""Taking stock of an engine whose calls end meanwhile."""

import asyncio
from pathlib import Path
from typing import Any

from core.config import decode_settings
from core.events import LegChanged
from plugins.voice import marks
from plugins.voice.ari import Channel, Gone, Refused, Snapshot
from plugins.voice.ari.model import Application
from plugins.voice.config import VoiceConfig
from plugins.voice.context import Context
from plugins.voice.dialled import DialledLegs
from plugins.voice.lines import Lines
from plugins.voice.occupancy import Occupancy
from plugins.voice.prompts import Prompts
from plugins.voice.switchboard import Switchboard
from tests.plugins.memory_link import MemoryLink

LEGS = ("leg-1", "leg-2")


class EmptyAri:
    """An engine whose channels have gone; the second is asked for once the call has ended with the first."""

    def __init__(self) -> None:
        self.switchboard: Switchboard | None = None
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        async def done(*_: Any, **__: Any) -> tuple[()]:
            return ()

        return done

    async def object_fields(self, *_: str) -> dict[str, str]:
        return {}

    async def channel(self, channel_id: str) -> None:
        raise Gone(404, channel_id)

    async def subscribe(self, channel_id: str) -> None:
        if self.asked:
            assert self.switchboard is not None
            while self.switchboard.carried():
                await asyncio.sleep(0)
        self.asked.append(channel_id)
        raise Refused(422, channel_id)


async def test_a_call_that_ends_while_its_channels_are_asked_for_stops_nobody(tmp_path: Path) -> None:
    ari: Any = EmptyAri()
    link = MemoryLink(tmp_path)
    config = decode_settings(VoiceConfig, {})
    context = Context(
        ari,
        link,
        config,
        Prompts(link, tmp_path / "prompts"),
        DialledLegs(tmp_path / "dialled"),
        Occupancy(ari, config.trunks),
    )
    ari.switchboard = switchboard = Switchboard(context, Lines(ari, link, config, context.trunks_down))
    channels = tuple(
        Channel(
            id=marks.dialled_channel(leg_id, 0),
            state="Ringing",
            name=f"PJSIP/{leg_id}-1",
            creationtime="2026-11-22T18:00:00.125+0800",
            channelvars={marks.VARIABLE: marks.Mark(call_id="call", leg_id=leg_id, role="agent").encode()},
        )
        for leg_id in LEGS
    )
    stock = Snapshot(channels=channels, bridges=(), endpoints=(), application=Application(name="lianxin"))
    async with asyncio.timeout(30):
        await switchboard.take_stock(stock)
    assert ari.asked == [channel.id for channel in channels]
    assert switchboard.has_stock
    ended = [event for event in link.events if isinstance(event, LegChanged) and event.state == "ended"]
    assert [(event.leg_id, event.cause) for event in ended] == [(leg_id, "lost") for leg_id in LEGS]
    await switchboard.close()
