"""The HTML of a mail is shown in a frame that can do nothing, to those alone who may open its conversation."""

from collections.abc import AsyncIterator

import pytest

from core.events import Mail
from core.host.media import put_media
from core.subjects import ASK_MEDIA_PUT, fill
from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.demo import PASSWORD
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

LIN = "mailto:lin@example.cn"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
async def page_id(house: House) -> AsyncIterator[str]:
    """Bring a mail with a page and a picture into a conversation of the queue general."""
    async with house.channel() as channel, Agent(house.url, "chen", PASSWORD) as chen:
        await chen.sit_down()
        picture = await _put(channel, PNG, "image/png")
        page = await _put(channel, f'<p>路灯</p><img src="media:{picture}">'.encode(), "text/html")
        await channel.write(LIN, "路灯", mail=Mail(subject="路灯", html_media_id=page))
        await chen.take_offer()
        yield page


async def _put(channel: FakeChannel, data: bytes, mime: str) -> str:
    subject = fill(ASK_MEDIA_PUT, channel.instance)
    return (await put_media(channel.bus, subject, data, mime=mime, name="")).media_id


async def test_a_mail_is_shown_with_its_own_pictures_and_nothing_that_runs(house: House, page_id: str) -> None:
    async with (
        Agent(house.url, "chen", PASSWORD) as chen,
        chen.http.get(f"{house.url}/mail/{page_id}") as answer,
    ):
        policy = answer.headers["Content-Security-Policy"]
        text = await answer.text()
    assert answer.status == 200
    assert '<img src="data:image/png;base64,iVBORw0KGgo="' in text
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "http" not in policy
    assert "allow-scripts" not in policy


async def test_pictures_of_other_servers_are_loaded_only_when_asked_for(house: House, page_id: str) -> None:
    async with (
        Agent(house.url, "chen", PASSWORD) as chen,
        chen.http.get(f"{house.url}/mail/{page_id}", params={"images": "1"}) as answer,
    ):
        assert "img-src data: https: http:;" in answer.headers["Content-Security-Policy"]


async def test_a_mail_of_another_queue_is_not_there(house: House, page_id: str) -> None:
    new = NewUser(username="sun", display_name="孙", work_number="3055", queue_ids=("housing",))
    await house.services.users.make(Identity(username="operator"), new, password=PASSWORD)
    async with (
        Agent(house.url, "sun", PASSWORD) as sun,
        sun.http.get(f"{house.url}/mail/{page_id}") as answer,
    ):
        assert answer.status == 404


async def test_a_file_that_is_no_page_is_no_mail(house: House, page_id: str) -> None:
    async with (
        Agent(house.url, "chen", PASSWORD) as chen,
        chen.http.get(f"{house.url}/mail/nothing") as answer,
    ):
        assert answer.status == 404
