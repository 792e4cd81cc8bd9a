"""The widget's stand: public page, widget and channel on one port, with a hub in memory that a browser test directs.

``python -m tests.plugins.web_chat.stand FOLDER DATA`` prints its address and serves until its input ends.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any, Final

import uvloop
from aiohttp import web

from core.events import Choice, ContactArrived, Event, MessageReceived
from tests.plugins.web_chat.memory_hub import MemoryHub, running

POLICY: Final = "default-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'"  # tighter than the hub's
GREETING: Final = "您好！这里是便民热线。请点下面的按钮，也可以直接打字。"
MENU: Final = (
    Choice(key="1", label="查询办理进度"),
    Choice(key="2", label="供暖问题"),
    Choice(key="0", label="转人工"),
)


class Director(MemoryHub):
    """A hub that greets, answers a menu and hands over, as a flow would."""

    async def emit(self, event: Event) -> None:
        known = len(self.events)
        await super().emit(event)
        if len(self.events) == known:
            return
        if isinstance(event, ContactArrived):
            self.situation = "flow"
            await self.say(
                event.sender, "您好！这里是便民热线。请点下面的按钮，也可以直接打字。", choices=MENU, sender_kind="flow"
            )
        elif isinstance(event, MessageReceived) and event.choice == "0":
            self.situation, self.place = "queued", 3
            await self.say(event.sender, "好的，正在为您转接人工。", sender_kind="flow")
        elif isinstance(event, MessageReceived) and event.choice == "2":
            await self.say(event.sender, "请告诉我们您的小区和楼号。", sender_kind="flow")


async def main(folder: Path, data: Path) -> None:
    """Serve until standard input ends."""
    hub = Director(data)

    async def direct(request: web.Request) -> web.Response:
        order: dict[str, Any] = await request.json()
        address = next(reversed(hub.logs), "") or next(
            (event.sender for event in hub.events if isinstance(event, ContactArrived)), ""
        )
        for name in ("situation", "place", "is_down"):
            if name in order:
                setattr(hub, name, order[name])
        if "say" in order:
            choices = tuple(Choice(**choice) for choice in order.get("choices", ()))
            await hub.say(
                address,
                order["say"],
                sender_kind="agent",
                sender_name=order.get("name", "工号 1023"),
                choices=choices,
                attachments=tuple(
                    attachment
                    for message in hub.logs[address]
                    for attachment in message.attachments
                    if order.get("with_files")
                ),
            )
        if "typing" in order:
            assert hub.channel is not None
            await hub.channel.show_typing(address, is_typing=order["typing"])
        if "drop" in order:
            assert hub.channel is not None
            await hub.channel._sockets.close()
        wanted = set(order.get("wait_for", ()))
        await hub.until(lambda: wanted <= {type(event).__name__ for event in hub.events})
        texts = [[event.text, event.choice] for event in hub.received()]
        kinds = [type(event).__name__ for event in hub.events]
        return web.json_response({"received": texts, "events": kinds})

    async def file(request: web.Request) -> web.StreamResponse:
        name = request.match_info.get("name", "public.html")
        return web.FileResponse(folder / name, headers={"Content-Security-Policy": POLICY})

    async def page(request: web.Request) -> web.StreamResponse:
        path = Path(__file__).parent / "pages" / request.match_info["name"]
        return web.FileResponse(path, headers={"Content-Security-Policy": POLICY})

    def add(app: web.Application) -> None:
        app.router.add_post("/direct", direct)
        app.router.add_get("/public", file)
        app.router.add_get("/widget/{name}", file)
        app.router.add_get("/pages/{name}", page)

    settings: dict[str, Any] = {}
    if len(sys.argv) > 3 and sys.argv[3] == "closed":
        settings["hours"] = [{"days": [], "opens": "08:30", "closes": "20:30"}]
    async with running(hub, extend=add, **settings) as house:
        print(house.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
