"""The host of a synthesizer: says who can speak, and answers with sounds that lie in the media store."""

import asyncio
import logging
from pathlib import Path
from typing import Any, Final

from core.board import Board
from core.bus import Bus
from core.errors import RequestFailed
from core.events import ChannelState, SpeechAnswer, SpeechRequest, VoicesChanged
from core.host.job import HostJob
from core.host.lifecycle import PluginHost, Tell
from core.host.media import put_media
from core.host.speech_link import HostLink
from core.ids import new_id
from core.speech import Synthesizer
from core.subjects import ASK_MEDIA_PUT, ASK_SYNTHESIZE, fill

log = logging.getLogger(__name__)

MAX_WAITING: Final = 64  # questions in line; beyond that the asker is told at once
WAV: Final = "audio/wav"


class SpeechHost(PluginHost):
    """The host of a synthesizer."""

    def __init__(self, job: HostJob, synthesizer_type: type[Synthesizer[Any]], tell: Tell) -> None:
        super().__init__(job, synthesizer_type.config_type, tell)
        self._synthesizer_type = synthesizer_type
        self._line = asyncio.Semaphore(synthesizer_type.concurrency)

    async def _serve(self, bus: Bus) -> None:
        instance = self._job.instance
        board = self._board(bus)
        link = HostLink(instance, Path(self._job.data_dir), board.show)
        synthesizer = self._synthesizer_type(self._config, link)
        voices: Board[VoicesChanged | None] = Board(None, lambda event: self._announce(bus, event))

        def announce(state: ChannelState) -> None:
            if state.state == "ready":
                voices.show(VoicesChanged(voices=synthesizer.voices(), version=synthesizer.version))

        async def answer(_: str, request: SpeechRequest) -> SpeechAnswer:
            if board.latest.state != "ready":
                raise RequestFailed("not_ready", "the synthesizer is not ready")
            return await self._answer(bus, synthesizer, request)

        board.listen(announce)
        questions = await bus.respond(
            fill(ASK_SYNTHESIZE, instance), answer, request=SpeechRequest, concurrency=MAX_WAITING
        )
        announcing = asyncio.create_task(voices.run())
        try:
            await self._keep_running(bus, synthesizer, board, questions.close, http="")
        finally:
            announcing.cancel()

    async def _announce(self, bus: Bus, event: VoicesChanged | None) -> None:
        if event is not None:
            await bus.publish(event, self._job.instance, msg_id=new_id())

    async def _answer(self, bus: Bus, synthesizer: Synthesizer[Any], request: SpeechRequest) -> SpeechAnswer:
        try:
            async with asyncio.timeout(request.timeout_s):  # nobody listens any more after that
                async with self._line:
                    sound = await synthesizer.synthesize(request)
                subject = fill(ASK_MEDIA_PUT, self._job.instance)
                stored = await put_media(bus, subject, sound.wav(), mime=WAV, name="prompt.wav")
        except TimeoutError as error:
            raise RequestFailed("timeout", f"not spoken within {request.timeout_s:g} s") from error
        return SpeechAnswer(sound=stored, length_s=round(sound.length_s, 3))
