"""Files are for those who see the conversation they stand in, on the desk and on the bus."""

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest

from core.bus import Raw
from core.errors import RequestFailed
from core.events import Attachment
from core.host.media import MAX_FILE_BYTES, Chunk, get_media, put_file
from core.ids import new_id
from core.subjects import ASK_MEDIA_GET, ASK_MEDIA_PUT, fill
from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.demo import PASSWORD
from tests.hub.support.channel import FakeChannel
from tests.hub.support.files import PNG, fetch, received, upload
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

WANG = "webchat:wang"


@pytest.fixture
async def zhou(house: House) -> AsyncIterator[Agent]:
    """An agent of general and elder."""
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        yield zhou


@pytest.fixture
async def outsider(house: House) -> AsyncIterator[Agent]:
    """An agent of another queue."""
    new = NewUser(username="sun", display_name="孙", work_number="3055", queue_ids=("housing",))
    await house.services.users.make(Identity(username="operator"), new, password=PASSWORD)
    async with Agent(house.url, "sun", PASSWORD) as sun:
        yield sun


def fetched(channel: FakeChannel, media_id: str) -> Awaitable[tuple[bytes, str]]:
    """Get a file as a channel's plugin does."""
    return get_media(channel.bus, fill(ASK_MEDIA_GET, channel.instance), media_id)


async def claim(channel: FakeChannel, media_id: str) -> None:
    """Put a file under an id that there is already."""
    chunk = Chunk(media_id=media_id, offset=0, total=1, mime="image/png")
    await channel.bus.request(fill(ASK_MEDIA_PUT, channel.instance), Raw(b"x", chunk.headers()), reply=bytes)


async def test_a_citizens_file_is_for_those_who_see_the_conversation(
    channel: FakeChannel, zhou: Agent, outsider: Agent
) -> None:
    file = await received(channel)
    assert await fetch(zhou, file.media_id) == 404, "nobody has sent it yet"
    await zhou.sit_down()
    await channel.write(WANG, "人工", attachments=(file,))
    await zhou.take_offer()
    assert await fetch(zhou, file.media_id) == 200
    assert await fetch(outsider, file.media_id) == 404


async def test_an_upload_is_its_makers_until_it_is_sent(channel: FakeChannel, zhou: Agent, outsider: Agent) -> None:
    media_id = await upload(outsider)
    assert (await fetch(outsider, media_id), await fetch(zhou, media_id)) == (200, 404)
    await zhou.sit_down()
    await channel.write(WANG, "人工")
    at = f"/conversations/{await zhou.take_offer()}/messages"
    status, answer = await zhou.try_call("POST", at, client_id="a", attachments=[media_id])
    assert (status, answer["error"]["fields"]) == (422, {"attachments": "unknown"})
    await zhou.call("POST", at, client_id="b", attachments=[await upload(zhou)])


async def test_a_channel_fetches_only_what_goes_over_it(house: House, channel: FakeChannel, zhou: Agent) -> None:
    await zhou.sit_down()
    await channel.write(WANG, "人工")
    conversation_id, media_id = await zhou.take_offer(), await upload(zhou)
    async with house.channel("mail-main") as stranger:
        for one in (channel, stranger):
            with pytest.raises(RequestFailed, match="no such file"):
                await fetched(one, media_id)
        await zhou.call("POST", f"/conversations/{conversation_id}/messages", client_id="a", attachments=[media_id])
        assert await fetched(channel, media_id) == (PNG, "image/png")
        with pytest.raises(RequestFailed, match="no such file"):
            await fetched(stranger, media_id)


async def test_a_channel_shows_no_file_of_anothers(house: House, channel: FakeChannel, zhou: Agent) -> None:
    theirs, own = await received(channel), new_id()
    await zhou.sit_down()
    async with house.channel("mail-main") as other:
        with pytest.raises(RequestFailed, match="another instance"):
            await claim(other, theirs.media_id)
        await other.write("mail:a", "人工", attachments=(theirs, Attachment(media_id=own, mime="image/png")))
        conversation_id = await zhou.take_offer()
        page = await zhou.call("GET", f"/conversations/{conversation_id}/entries")
        files = [file["media_id"] for entry in page["items"] for file in entry.get("attachments", ())]
        assert files == [own]
        with pytest.raises(RequestFailed, match="no such file"):
            await fetched(other, theirs.media_id)


async def test_a_recording_may_be_longer_than_other_files(house: House, channel: FakeChannel, tmp_path: Path) -> None:
    long = tmp_path / "talk.wav"
    long.write_bytes(b"RIFF" + bytes(MAX_FILE_BYTES))
    subject = fill(ASK_MEDIA_PUT, channel.instance)
    kept = await put_file(channel.bus, subject, long, mime="audio/wav", name="talk.wav")
    assert (kept.size_bytes, kept.mime) == (MAX_FILE_BYTES + 4, "audio/wav")
    with pytest.raises(RequestFailed, match="out of bounds"):
        await put_file(channel.bus, subject, long, mime="video/mp4", name="film.mp4")
