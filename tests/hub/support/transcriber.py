"""A transcriber in its host, at a hub of the test."""

import asyncio
from abc import ABC
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from core.events import ChannelState, SpeechModel
from core.host.job import HostJob
from core.host.transcription import TranscriptionHost
from core.speech import SpeechConfig
from core.transcription import Transcriber
from tests.hub.support.house import House, until

ASR = "asr-main"


class EarBase(Transcriber[SpeechConfig], ABC):
    """One that is ready at once; what it hears is the test's."""

    config_type = SpeechConfig
    slots = 1

    async def run(self) -> None:
        await self.link.emit(ChannelState(state="ready"))
        await asyncio.Event().wait()

    def models(self) -> tuple[SpeechModel, ...]:
        return (SpeechModel(language="zh", name="ear"),)


@asynccontextmanager
async def hosted(house: House, kind: type[EarBase], folder: Path, instance: str = ASR) -> AsyncIterator[None]:
    """Run a transcriber of this kind while the body runs; the hub can use it then."""
    job = HostJob(
        instance=instance,
        plugin="ear",
        settings={},
        nats={"url": house.nats.url},
        data_dir=str(folder / instance),
    )
    host = TranscriptionHost(job, kind, lambda event, **fields: None)
    running = asyncio.create_task(host.run())
    try:
        await until(lambda: house.services.transcribers.is_usable(instance))
        yield
    finally:
        running.cancel()
        await asyncio.wait({running})
