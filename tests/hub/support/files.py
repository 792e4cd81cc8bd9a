"""Files of agents and of citizens, one picture of eight bytes."""

from typing import Final

import aiohttp

from core.events import Attachment
from core.host.media import put_media
from core.subjects import ASK_MEDIA_PUT, fill
from tests.hub.support.channel import FakeChannel
from tests.journeys.support.clients import Agent

PNG: Final = b"\x89PNG\r\n\x1a\n"


async def upload(agent: Agent, data: bytes = PNG) -> str:
    """Return the media id of a file that the agent's browser sends."""
    form = aiohttp.FormData()
    form.add_field("file", data, filename="a.png", content_type="image/png")
    headers = {"X-CSRF-Token": agent.me["csrf"]}
    async with agent.http.post(f"{agent.url}/api/v1/media", data=form, headers=headers) as answer:
        media_id: str = (await answer.json())["media_id"]
        return media_id


async def fetch(agent: Agent, media_id: str) -> int:
    """Return the status with which the agent's browser gets a file."""
    async with agent.http.get(f"{agent.url}/media/{media_id}/a.png") as answer:
        return answer.status


async def get(agent: Agent, path: str) -> tuple[int, bytes]:
    """Return the status and the bytes with which the agent's browser gets what is no JSON."""
    async with agent.http.get(f"{agent.url}/api/v1{path}") as answer:
        return answer.status, await answer.read()


async def received(channel: FakeChannel) -> Attachment:
    """Return a file that a citizen sent in."""
    return await put_media(channel.bus, fill(ASK_MEDIA_PUT, channel.instance), PNG, mime="image/png", name="a.png")
