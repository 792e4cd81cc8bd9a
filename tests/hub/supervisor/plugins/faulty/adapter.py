import asyncio
import contextlib
import ctypes
import sys
import time
from typing import Literal

from core.channel import Channel, ChannelConfig
from core.errors import ChannelAuthFailed
from core.events import ChannelState, MessageReceived, SendMessage


class FaultyConfig(ChannelConfig, frozen=True, kw_only=True):
    fault: Literal["none", "segfault", "memory", "block", "stubborn", "exit", "chatter"] = "none"
    key: str = ""


class Faulty(Channel[FaultyConfig]):
    config_type = FaultyConfig

    async def run(self) -> None:
        await self.emit(ChannelState(state="ready"))
        match self.config.fault:
            case "none":
                await asyncio.Event().wait()
            case "segfault":
                ctypes.string_at(0)
            case "memory":
                hoard = []
                while True:
                    hoard.append(bytes(range(256)) * 65_536)
                    await asyncio.sleep(0.005)
            case "block":
                time.sleep(600)
            case "exit":
                sys.exit(3)
            case "chatter":
                print("no report, and endless: " + "x" * 1_000_000, flush=True)
                await asyncio.Event().wait()
            case "stubborn":
                while True:
                    with contextlib.suppress(asyncio.CancelledError):
                        await asyncio.sleep(600)

    async def send(self, message: SendMessage) -> str:
        with (self.link.data_dir / "sent").open("a") as file:
            file.write(f"{message.message_id}\n")
        await self.emit(MessageReceived(external_id=message.message_id, sender=message.recipient, text=message.text))
        return f"echo-{message.message_id}"

    def normalize(self, address: str) -> str:
        return address

    async def probe(self) -> None:
        print("a stray print must not spoil the answer")
        if self.config.key == "wrong":
            raise ChannelAuthFailed("the far end refused the key")
