"""Speech from a supervised process on the embedded bus: the real model, in an account of its own."""

import asyncio
import io
import wave

import msgspec
import pytest

from core.bus import Raw
from core.errors import ChannelNotReady
from core.events import Attachment, SpeechAnswer, SpeechRequest, VoicesChanged
from core.host.media import read_chunk
from core.subjects import ASK_MEDIA_PUT, ASK_SYNTHESIZE, fill
from plugins.tts.files import model_parts

from .conftest import Supervised

INSTANCE = "tts-main"
READY_S = 60.0


async def test_an_enabled_synthesizer_answers_the_hub(supervised: Supervised) -> None:
    try:
        model_parts("")
    except ChannelNotReady as error:
        pytest.skip(str(error))
    files: list[bytes] = []

    async def keep(instance: str, question: Raw) -> bytes:
        chunk = read_chunk(question.headers)
        files.append(question.payload)
        return msgspec.json.encode(Attachment(media_id=chunk.media_id, mime=chunk.mime))

    bus = await supervised.connect()
    await bus.respond(ASK_MEDIA_PUT, keep, request=Raw)
    await supervised.want(INSTANCE, "tts", '{"rate_hz": 8000, "voice_en": ""}')
    async with asyncio.timeout(READY_S):
        async for instance, event in bus.follow(VoicesChanged):
            assert instance == INSTANCE
            assert [(voice.language, voice.name) for voice in event.voices] == [("zh", "zf_xiaobei")]
            break
    question = SpeechRequest(text="请稍候。", language="zh", voice="zf_xiaobei")
    answer = await bus.request(fill(ASK_SYNTHESIZE, INSTANCE), question, reply=SpeechAnswer, timeout_s=60)
    assert 0.5 < answer.length_s < 4
    with wave.open(io.BytesIO(b"".join(files))) as sound:
        assert sound.getframerate() == 8000
    status = await supervised.status(INSTANCE, lambda status: status.process == "running")
    assert status.restarts == 0
