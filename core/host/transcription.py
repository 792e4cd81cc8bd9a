"""The host of a transcriber: fetches the sounds that the hub plans for it, and hands in what was said, bit by bit."""

import asyncio
import logging
import shutil
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from core.backoff import Backoff
from core.board import Board
from core.bus import Bus
from core.errors import BusUnavailable, ChannelNotReady, RequestFailed
from core.events import (
    ChannelState,
    Event,
    ModelsChanged,
    TranscriptionAnswer,
    TranscriptionEnded,
    TranscriptionJob,
    TranscriptionPlan,
    TranscriptionProgress,
    Utterance,
    UtterancesRecognized,
)
from core.host.job import HostJob
from core.host.lifecycle import PluginHost, Tell
from core.host.live import LiveSounds
from core.host.media import get_file
from core.host.speech_link import HostLink
from core.ids import new_id
from core.subjects import ASK_MEDIA_GET, ASK_TRANSCRIBE, fill
from core.transcription import CannotHear, HearsLive, Outcome, Transcriber

log = logging.getLogger(__name__)

BATCH_UTTERANCES: Final = 16
BATCH_S: Final = 5.0  # what a killed plugin has to listen to again
KEPT_ENDED: Final = 4_096
MAX_FAULTS: Final = 3  # of the plugin at one sound
MAX_REASON: Final = 500
FORGOTTEN_S: Final = 60.0  # a sound still planned so long after its end: the hub never heard of the end
PAUSE_S: Final = 2.0  # before a sound is tried again that could not be fetched, or met a bug


class TranscriptionHost(PluginHost):
    """The host of a transcriber."""

    def __init__(self, job: HostJob, transcriber_type: type[Transcriber[Any]], tell: Tell) -> None:
        super().__init__(job, transcriber_type.config_type, tell)
        self._transcriber_type = transcriber_type

    async def _serve(self, bus: Bus) -> None:
        instance = self._job.instance
        board = self._board(bus)
        data_dir = Path(self._job.data_dir)
        transcriber = self._transcriber_type(self._config, HostLink(instance, data_dir, board.show))
        models: Board[ModelsChanged | None] = Board(None, lambda event: self._announce(bus, event))
        folder = data_dir / "sounds"
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)  # what a killed process left there
        desk = _Desk(bus, instance, transcriber, folder)
        live = LiveSounds(bus, instance, transcriber) if isinstance(transcriber, HearsLive) else None
        live_at = "" if live is None else await live.open()

        def announce(state: ChannelState) -> None:
            if state.state == "ready":
                models.show(ModelsChanged(models=transcriber.models(), slots=transcriber.slots, live_at=live_at))
            else:
                desk.clear()

        async def answer(_: str, plan: TranscriptionPlan) -> TranscriptionAnswer:
            if board.latest.state != "ready":
                raise RequestFailed("not_ready", "the transcriber is not ready")
            live_slots = 0 if live is None else live.arrange(plan.live)
            return TranscriptionAnswer(progress=desk.arrange(plan), live_slots=live_slots)

        board.listen(announce)
        questions = await bus.respond(fill(ASK_TRANSCRIBE, instance), answer, request=TranscriptionPlan, concurrency=1)
        announcing = asyncio.create_task(models.run())
        try:
            await self._keep_running(bus, transcriber, board, questions.close, http="")
        finally:
            announcing.cancel()
            await desk.close()
            if live is not None:
                await live.close()

    async def _announce(self, bus: Bus, event: ModelsChanged | None) -> None:
        if event is not None:
            await bus.publish(event, self._job.instance, msg_id=new_id())


class _Desk:
    """The sounds that are being worked on."""

    def __init__(self, bus: Bus, instance: str, transcriber: Transcriber[Any], folder: Path) -> None:
        self._bus = bus
        self._instance = instance
        self._transcriber = transcriber
        self._folder = folder
        self._works: dict[tuple[str, int], _Work] = {}
        self._ended: OrderedDict[tuple[str, int], float] = OrderedDict()  # and when: the hub may not know yet
        self._faults: dict[tuple[str, int], int] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    def arrange(self, plan: TranscriptionPlan) -> tuple[TranscriptionProgress, ...]:
        """Begin what is new in ``plan``, give up what is not in it any more; return how far everything is."""
        wanted = {(job.transcript_id, job.attempt): job for job in plan.jobs}
        for key in self._works.keys() - wanted.keys():
            self._drop(key)
        for key, job in wanted.items():
            if key not in self._works and not self._has_ended(key):
                sound = self._folder / new_id() / "sound"  # what it is turned into lies beside it
                work = _Work(job, sound, self._publish)
                work.task = asyncio.create_task(self._carry_out(key, work), name=f"transcribe {job.transcript_id}")
                self._works[key] = work
        return tuple(work.progress for work in self._works.values())

    def _has_ended(self, key: tuple[str, int]) -> bool:
        ended_at = self._ended.get(key)
        if ended_at is None or asyncio.get_running_loop().time() - ended_at < FORGOTTEN_S:
            return ended_at is not None
        del self._ended[key]
        return False

    def clear(self) -> None:
        """Give up everything; the hub plans it anew."""
        for key in list(self._works):
            self._drop(key)

    async def close(self) -> None:
        """Give up everything and wait for its end."""
        self.clear()
        if self._leaving:
            await asyncio.wait(self._leaving)

    def _drop(self, key: tuple[str, int]) -> None:
        task = self._works.pop(key).task
        task.cancel()
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _carry_out(self, key: tuple[str, int], work: "_Work") -> None:
        transcript_id = work.job.transcript_id
        try:
            await asyncio.to_thread(work.sound.parent.mkdir, parents=True, exist_ok=True)
            await self._end(key, work, await self._listen(work))
            return
        except (ChannelNotReady, BusUnavailable) as error:
            log.warning("transcript %s waits: %s", transcript_id, error)
        except Exception as error:
            log.exception("transcript %s failed unexpectedly", transcript_id)
            self._faults[key] = self._faults.get(key, 0) + 1
            if self._faults[key] >= MAX_FAULTS:
                with suppress(RequestFailed):
                    await self._end(key, work, _refusal(work.job, "crashed", type(error).__name__))
                    return
        finally:
            await asyncio.to_thread(shutil.rmtree, work.sound.parent, ignore_errors=True)
        await asyncio.sleep(PAUSE_S)
        self._forget(key, work)  # the next plan begins it anew, from where the hub has it

    async def _end(self, key: tuple[str, int], work: "_Work", ended: TranscriptionEnded) -> None:
        await self._publish(ended)
        self._faults.pop(key, None)
        self._ended[key] = asyncio.get_running_loop().time()
        if len(self._ended) > KEPT_ENDED:
            self._ended.popitem(last=False)
        self._forget(key, work)

    def _forget(self, key: tuple[str, int], work: "_Work") -> None:
        if self._works.get(key) is work:
            del self._works[key]

    async def _listen(self, work: "_Work") -> TranscriptionEnded:
        job = work.job
        try:
            await get_file(self._bus, fill(ASK_MEDIA_GET, self._instance), job.media_id, work.sound)
            outcome: Outcome = await self._transcriber.transcribe(work)
            await work.flush()
        except RequestFailed as error:
            if error.code != "not_found":
                raise  # a passing fault of the hub or the bus; only so many of them are forgiven
            return _refusal(job, error.code, str(error))
        except CannotHear as error:
            return _refusal(job, error.code, str(error))
        return TranscriptionEnded(
            transcript_id=job.transcript_id,
            attempt=job.attempt,
            ends=work.ends,
            length_s=round(max(work.ends, default=0) / work.rate_hz, 3),
            spent_s=round(outcome.spent_s, 3),
            language=outcome.language,
            model=outcome.model,
        )

    async def _publish(self, event: Event) -> None:
        """Return once ``event`` is stored, however long the bus is away."""
        msg_id = new_id()
        backoff = Backoff(first_s=0.1, limit_s=5.0)
        while True:
            try:
                await self._bus.publish(event, self._instance, msg_id=msg_id)
            except BusUnavailable:
                await asyncio.sleep(backoff.next_s())
            else:
                return


def _refusal(job: TranscriptionJob, code: str, reason: str) -> TranscriptionEnded:
    return TranscriptionEnded(
        transcript_id=job.transcript_id, attempt=job.attempt, code=code, reason=reason[:MAX_REASON]
    )


class _Work:
    """``core.transcription.Listening``: gathers what was heard and hands it in, a few utterances at a time."""

    def __init__(self, job: TranscriptionJob, sound: Path, publish: Callable[[Event], Awaitable[None]]) -> None:
        self.job = job
        self.sound = sound
        self.task: asyncio.Task[None]
        self.ends: tuple[int, ...] = ()
        self.rate_hz = 1
        self._publish = publish
        self._heard: dict[int, int] = dict(enumerate(job.begins))  # channel → frame
        self._waiting: dict[int, UtterancesRecognized] = {}  # by channel
        self._since: dict[int, float] = {}

    @property
    def progress(self) -> TranscriptionProgress:
        """How far it is."""
        return TranscriptionProgress(
            transcript_id=self.job.transcript_id,
            heard_s=round(sum(self._heard.values()) / self.rate_hz, 1) if self.ends else 0.0,
            total_s=round(sum(self.ends) / self.rate_hz, 1),
        )

    def measured(self, ends: tuple[int, ...], rate_hz: int) -> None:
        self.ends, self.rate_hz = ends, rate_hz

    async def heard(self, channel: int, begin: int, end: int, utterances: tuple[Utterance, ...]) -> None:
        now = asyncio.get_running_loop().time()
        earlier = self._waiting.get(channel)
        if earlier is None:
            self._since[channel] = now
        else:
            begin, utterances = earlier.begin, (*earlier.utterances, *utterances)
        self._heard[channel] = end
        job = self.job
        self._waiting[channel] = UtterancesRecognized(
            transcript_id=job.transcript_id,
            attempt=job.attempt,
            channel=channel,
            begin=begin,
            end=end,
            utterances=utterances,
        )
        if len(utterances) >= BATCH_UTTERANCES or now - self._since[channel] >= BATCH_S:
            await self._hand_in(channel)

    async def flush(self) -> None:
        """Hand in what is left."""
        for channel in list(self._waiting):
            await self._hand_in(channel)

    async def _hand_in(self, channel: int) -> None:
        await self._publish(self._waiting.pop(channel))
