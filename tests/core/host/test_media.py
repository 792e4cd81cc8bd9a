import os

import pytest

from core.bus import Raw
from core.errors import TEMPORARY, RefusedForNow, RequestFailed
from core.events import Attachment, History, HistoryMessage, HistoryRequest
from core.host.media import CHUNK_BYTES, MAX_FILE_BYTES, Chunk, read_chunk
from core.subjects import ASK_HISTORY, ASK_MEDIA_GET, ASK_MEDIA_PUT, fill

from .conftest import INSTANCE, READY, Hub


class MediaStore:
    """The hub's side, as docs/plugins.md asks for it."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[Chunk, bytes]] = {}
        self.piece_bytes = 100_000
        self.faults: list[RequestFailed] = []
        self.forgets = 0  # how often it will have been started anew before a file's second chunk

    async def open(self, hub: Hub) -> None:
        await hub.bus.respond(fill(ASK_MEDIA_PUT, INSTANCE), self.put, request=Raw)
        await hub.bus.respond(fill(ASK_MEDIA_GET, INSTANCE), self.get, request=Raw)

    async def put(self, instance: str, question: Raw):
        chunk = read_chunk(question.headers)
        if self.faults:
            raise self.faults.pop(0)
        if chunk.offset and self.forgets:
            self.forgets -= 1
            raise RequestFailed("upload_lost", "begin again with the first chunk")
        before = self.files[chunk.media_id][1] if chunk.offset else b""
        data = before[: chunk.offset] + question.payload
        self.files[chunk.media_id] = (chunk, data)
        if len(data) < chunk.total:
            return Raw(b"{}")
        return Attachment(media_id=chunk.media_id, mime=chunk.mime, name=chunk.name, size_bytes=len(data))

    async def get(self, instance: str, question: Raw) -> Raw:
        if self.faults:
            raise self.faults.pop(0)
        if question.headers["Media-Id"] not in self.files:
            raise RequestFailed("no_such_media", "no such file")
        chunk, data = self.files[question.headers["Media-Id"]]
        offset = int(question.headers["Offset"])
        headers = {"Offset": str(offset), "Total": str(len(data)), "Mime": chunk.mime}
        return Raw(data[offset : offset + self.piece_bytes], headers)


@pytest.fixture
async def media(hub: Hub, start):
    store = MediaStore()
    await store.open(hub)
    async with start() as box:
        await hub.wait_for(READY)
        yield store, box.channel.link


@pytest.mark.parametrize("size_bytes", [1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
async def test_a_file_comes_back_as_it_went(media, size_bytes: int):
    _, link = media
    data = os.urandom(size_bytes)
    attachment = await link.put_media(data, mime="image/png", name="图 片.png")
    assert (attachment.name, attachment.size_bytes) == ("图 片.png", size_bytes)
    assert await link.get_media(attachment.media_id) == (data, "image/png")


async def test_a_file_begins_anew_when_the_hub_was_started_anew_in_its_middle(media):
    store, link = media
    store.forgets = 2
    data = os.urandom(3 * CHUNK_BYTES)
    attachment = await link.put_media(data, mime="audio/wav")
    assert await link.get_media(attachment.media_id) == (data, "audio/wav")


async def test_a_hub_that_forgets_again_and_again_is_not_asked_for_ever(media):
    store, link = media
    store.forgets = 100
    with pytest.raises(RefusedForNow, match="begin again"):
        await link.put_media(bytes(2 * CHUNK_BYTES), mime="audio/wav")


async def test_a_hub_that_cannot_now_is_told_from_one_that_refuses(media, tmp_path):
    store, link = media
    sound = tmp_path / "a.wav"
    sound.write_bytes(b"RIFF")
    ways = (
        lambda: link.put_media(b"x", mime="text/plain"),
        lambda: link.put_file(sound, mime="audio/wav"),
        lambda: link.get_media("m"),
    )
    for way in ways:
        for code in sorted(TEMPORARY - {"upload_lost"}):
            store.faults = [RequestFailed(code, "not now")]
            with pytest.raises(RefusedForNow, match="not now") as later:
                await way()
            assert later.value.code == code
        store.faults = [RequestFailed("too_large", "never")]
        with pytest.raises(RequestFailed, match="never"):
            await way()


async def test_a_type_or_name_that_no_header_carries_keeps_no_file_back(media):
    _, link = media
    for mime, name in (("应用/文件", "\ud83d"), ("a/b\r\nOffset: 1", "a\r\nTotal: 1"), ("", "")):
        attachment = await link.put_media(b"x", mime=mime, name=name)
        assert attachment.mime == "application/octet-stream"
        assert await link.get_media(attachment.media_id) == (b"x", "application/octet-stream")


@pytest.mark.parametrize("size_bytes", [0, MAX_FILE_BYTES + 1])
async def test_a_file_beyond_the_limits_does_not_leave_the_plugin(media, size_bytes: int):
    store, link = media
    with pytest.raises(ValueError, match="a file has 1 to"):
        await link.put_media(bytes(size_bytes), mime="image/png")
    assert not store.files


async def test_a_file_that_is_not_there_is_an_error_with_its_code(media):
    _, link = media
    with pytest.raises(RequestFailed) as caught:
        await link.get_media("nowhere")
    assert caught.value.code == "no_such_media"


async def test_an_answer_that_never_ends_is_broken_off(media):
    store, link = media
    attachment = await link.put_media(b"x" * 10, mime="text/plain")
    store.piece_bytes = 0
    with pytest.raises(RequestFailed, match="0 of 10 bytes"):
        await link.get_media(attachment.media_id)


HEADERS = {"Media-Id": "m", "Offset": "0", "Total": "10", "Mime": "text/plain", "Name": "a%20b"}
BAD = [("Offset", "-1"), ("Offset", "11"), ("Total", str(MAX_FILE_BYTES + 1)), ("Total", "many"), ("Mime", None)]


@pytest.mark.parametrize(("header", "value"), BAD)
def test_headers_beyond_the_limits_are_refused(header: str, value: str | None):
    headers = {**HEADERS, header: value} if value is not None else {k: v for k, v in HEADERS.items() if k != header}
    with pytest.raises(ValueError, match=r"."):
        read_chunk(headers)


def test_headers_are_read_as_they_were_written():
    chunk = Chunk(media_id="m", offset=5, total=10, mime="text/plain", name="信\r\nX: y.txt")
    assert "\r" not in chunk.headers()["Name"]
    assert read_chunk(chunk.headers()) == chunk


async def test_a_channel_can_ask_what_was_said(hub: Hub, start):
    history = History(messages=(HistoryMessage(seq=3, message_id="m-1", direction="in", text="你好"),))

    async def answer(instance: str, question: HistoryRequest) -> History:
        assert question == HistoryRequest(address="box:anna", after_seq=2, limit=5)
        return history

    await hub.bus.respond(fill(ASK_HISTORY, INSTANCE), answer, request=HistoryRequest)
    async with start() as box:
        await hub.wait_for(READY)
        assert await box.channel.link.history("box:anna", after_seq=2, limit=5) == history
