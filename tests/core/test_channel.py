"""What every channel does alike with a file it is to send."""

from pathlib import Path

import pytest

from core.channel import Channel, ChannelConfig
from core.errors import BusUnavailable, RefusedForNow, RequestFailed, SendDeferred, SendError, SendRejected
from core.events import Attachment, SendMessage
from core.host.inspect import NoLink

FILE = Attachment(media_id="m", mime="image/png", name="a.png")


class Mute(Channel[ChannelConfig]):
    """A channel of nothing."""

    config_type = ChannelConfig

    async def run(self) -> None: ...

    async def send(self, message: SendMessage) -> str:
        return ""

    def normalize(self, address: str) -> str:
        return address


class Store(NoLink):
    """A hub whose files cannot be had, for ``why``."""

    def __init__(self, data_dir: Path, why: Exception) -> None:
        super().__init__(data_dir)
        self._why = why

    async def get_media(self, media_id: str) -> tuple[bytes, str]:
        raise self._why


@pytest.mark.parametrize(
    ("why", "raised", "code"),
    [
        (BusUnavailable("away"), SendDeferred, "bus_unavailable"),
        (RefusedForNow("internal", "internal error"), SendDeferred, "internal"),
        (RefusedForNow("store_unavailable", "the database is away"), SendDeferred, "store_unavailable"),
        (RefusedForNow("media_key_missing", "the file is sealed"), SendDeferred, "media_key_missing"),
        (RequestFailed("not_found", "no such file"), SendRejected, "file_missing"),
    ],
    ids=lambda value: value.code if isinstance(value, Exception) else "",
)
async def test_a_message_waits_for_its_file_while_the_hub_is_away(
    tmp_path: Path, why: Exception, raised: type[SendError], code: str
) -> None:
    with pytest.raises(raised) as caught:
        await Mute(ChannelConfig(), Store(tmp_path, why)).file(FILE)
    assert caught.value.code == code
