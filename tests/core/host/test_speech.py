"""A synthesizer in its host, asked over a real bus; the hub's media store is a list."""

import asyncio
import io
import re
import textwrap
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from core.bus import Raw
from core.errors import ChannelNotReady, ManifestInvalid, RequestFailed
from core.events import Attachment, ChannelState, SpeechAnswer, SpeechRequest, SpeechVoice, VoicesChanged
from core.host.job import HostJob
from core.host.load import load_channel, load_plugin
from core.host.media import read_chunk
from core.host.speech import SpeechHost
from core.speech import CannotSpeak, Sound, SpeechConfig, Synthesizer
from core.subjects import ASK_MEDIA_PUT, ASK_SYNTHESIZE, fill

from .conftest import INSTANCE, Hub

RATE_HZ = 8_000
VOICES = (SpeechVoice(language="zh", name="beeper"),)


class Beeper(Synthesizer[SpeechConfig]):
    """Speaks a millisecond of silence for each character."""

    config_type = SpeechConfig
    version = "1"

    async def run(self) -> None:
        await self.link.emit(ChannelState(state="ready"))
        await asyncio.Event().wait()

    def voices(self) -> tuple[SpeechVoice, ...]:
        return VOICES

    async def synthesize(self, request: SpeechRequest) -> Sound:
        if request.text == "?":
            raise CannotSpeak("no words")
        return Sound(bytes(2 * RATE_HZ // 1000 * len(request.text)), RATE_HZ)


class Speaking:
    """The hub's end: asks, and keeps the files."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.files: list[bytes] = []

    async def open(self) -> None:
        await self.hub.bus.respond(ASK_MEDIA_PUT, self._keep, request=Raw)

    async def ask(self, text: str, **options) -> SpeechAnswer:
        question = SpeechRequest(text=text, language="zh", voice="beeper", **options)
        return await self.hub.bus.request(fill(ASK_SYNTHESIZE, INSTANCE), question, reply=SpeechAnswer)

    async def _keep(self, instance: str, question: Raw) -> bytes:
        chunk = read_chunk(question.headers)
        assert (instance, chunk.total) == (INSTANCE, len(question.payload))
        self.files.append(question.payload)
        return msgspec.json.encode(Attachment(media_id=chunk.media_id, mime=chunk.mime))


@pytest.fixture
async def speaking(hub: Hub) -> Speaking:
    speaking = Speaking(hub)
    await speaking.open()
    return speaking


@pytest.fixture
def host(speaking: Speaking, nats_server, tmp_path):
    @asynccontextmanager
    async def run(synthesizer_type: type[Synthesizer]) -> AsyncIterator[SpeechHost]:
        job = HostJob(
            instance=INSTANCE, plugin="beeper", settings={}, nats={"url": nats_server.url}, data_dir=str(tmp_path)
        )
        host = SpeechHost(job, synthesizer_type, lambda event, **fields: None)
        running = asyncio.create_task(host.run())
        try:
            yield host
        finally:
            running.cancel()
            await asyncio.wait({running})

    return run


async def test_a_synthesizer_says_who_speaks_and_answers_with_a_stored_sound(host, speaking: Speaking) -> None:
    async with host(Beeper):
        await speaking.hub.wait_for(VoicesChanged(voices=VOICES, version="1"))
        answer = await speaking.ask("您好")
    assert answer.length_s == 0.002
    assert answer.sound.mime == "audio/wav"
    with wave.open(io.BytesIO(speaking.files[0])) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate(), sound.getnframes()) == (
            1,
            2,
            8000,
            16,
        )
    await speaking.hub.wait_for(ChannelState(state="stopped"))


async def test_words_beyond_an_engine_are_refused_with_its_code(host, speaking: Speaking) -> None:
    async with host(Beeper):
        await speaking.hub.wait_for(ChannelState(state="ready"))
        with pytest.raises(RequestFailed) as refused:
            await speaking.ask("?")
    assert refused.value.code == "cannot_speak"


async def test_an_engine_that_is_down_says_so_and_comes_back(host, speaking: Speaking) -> None:
    class Shaky(Beeper):
        tries = 0
        later = asyncio.Event()

        async def run(self) -> None:
            Shaky.tries += 1
            if Shaky.tries == 1:
                raise ChannelNotReady("no model")
            await self.later.wait()
            await super().run()

    async with host(Shaky):
        await speaking.hub.wait_for(ChannelState(state="down", code="not_ready", reason="no model"))
        with pytest.raises(RequestFailed) as refused:
            await speaking.ask("您好")
        assert refused.value.code == "not_ready"
        Shaky.later.set()
        await speaking.hub.wait_for(ChannelState(state="ready"))
        assert (await speaking.ask("您好")).length_s > 0


async def test_texts_are_spoken_one_after_the_other_and_given_up_when_nobody_waits(host, speaking: Speaking) -> None:
    class Slow(Beeper):
        begun: list[str] = []
        free = asyncio.Event()

        async def synthesize(self, request: SpeechRequest) -> Sound:
            self.begun.append(request.text)
            await self.free.wait()
            return await super().synthesize(request)

    async with host(Slow):
        await speaking.hub.wait_for(ChannelState(state="ready"))
        first = asyncio.create_task(speaking.ask("一"))
        await speaking.hub.bus.request(fill(ASK_MEDIA_PUT, INSTANCE), _no_file(), reply=bytes)
        with pytest.raises(RequestFailed) as refused:
            await speaking.ask("二", timeout_s=0.05)
        assert refused.value.code == "timeout"
        assert Slow.begun == ["一"]
        Slow.free.set()
        await first
        await speaking.ask("三")
    assert Slow.begun == ["一", "三"]


async def test_a_question_without_words_is_refused(host, speaking: Speaking) -> None:
    async with host(Beeper):
        await speaking.hub.wait_for(ChannelState(state="ready"))
        with pytest.raises(RequestFailed) as refused:
            await speaking.ask("")
    assert refused.value.code == "bad_request"


@pytest.mark.parametrize(
    ("kind", "body", "fault"),
    [
        ("synthesizer", "def synthesizer_type(): return int", "must return a Synthesizer"),
        ("transcriber", "def transcriber_type(): return int", "must return a Transcriber"),
    ],
)
def test_a_class_of_another_kind_than_the_manifest_says_is_refused(
    kind: str, body: str, fault: str, tmp_path, monkeypatch
) -> None:
    _write_plugin(tmp_path / f"odd_{kind}", kind, body)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ManifestInvalid, match=fault):
        load_plugin(f"odd_{kind}")


def test_a_synthesizer_is_no_channel(tmp_path, monkeypatch) -> None:
    body = """
        from core.speech import SpeechConfig, Synthesizer
        class Mute(Synthesizer):
            config_type, version = SpeechConfig, "1"
            async def run(self): ...
            def voices(self): return ()
            async def synthesize(self, request): ...
        def synthesizer_type(): return Mute
    """
    _write_plugin(tmp_path / "mute", "synthesizer", body)
    monkeypatch.syspath_prepend(tmp_path)
    assert load_plugin("mute")[1].memory_mib == 700
    with pytest.raises(ManifestInvalid, match="not a channel"):
        load_channel("mute")


def _no_file() -> Raw:
    return Raw(b"x", {"Media-Id": "m", "Offset": "0", "Total": "1", "Mime": "audio/wav"})


def _write_plugin(folder, kind: str, body: str) -> None:
    folder.mkdir()
    (folder / "plugin.toml").write_text(
        f'name = "x"\nkind = "{kind}"\ntitle = {{zh = "x", en = "x"}}\napi = 1\ncode_owners = ["x"]\n'
        'quality = "bronze"\nmemory_mib = 700\n'
    )
    source = re.sub(r"^def (\w+_type)", r"@hookimpl\ndef \1", textwrap.dedent(body), flags=re.M)
    (folder / "__init__.py").write_text("from core.hookspecs import hookimpl\n" + source)
