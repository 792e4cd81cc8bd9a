"""The far end of SMPP: the npm package ``smpp`` in a node process, and what a phone network behind it would do."""

import asyncio
import contextlib
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from lianxin import webbuild

SCRIPT = Path(__file__).with_name("smsc.mjs")
SYSTEM_ID = "hotline"
PASSWORD = "Pa55-w0r"
NUMBER = "106900012345"


def node() -> str:
    """Return the node that the front end is built with; skips the test on a machine without it or the package."""
    npm = webbuild.find_npm()
    if npm is None or not (webbuild.MODULES / "smpp").is_dir():
        pytest.skip("needs the npm package smpp: python lianxin/webbuild.py npm ci")
    return str(Path(npm.node_folder) / "node")


class Smsc:
    """The peer of the contract suite; ``events`` holds everything the node process told."""

    settings: dict[str, Any] = {}
    asks = True  # False: every part is accepted, without a question first

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.events: list[dict[str, Any]] = []
        self._news = asyncio.Condition()
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self.accepted = 0
        self.accepted = 0
        self._number = 0
        self._answers: list[dict[str, Any]] = []
        self._tls: tuple[str, ...] = ()  # files with certificate and key

    def use_tls(self, certificate: Path, key: Path) -> None:
        """Serve by TLS from the next start on."""
        self._tls = (str(certificate), str(key))

    async def start(self) -> dict[str, Any]:
        if not self._port:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                self._port = listener.getsockname()[1]
        first = 1 + self.accepted
        self._process = await asyncio.create_subprocess_exec(
            *(node(), str(SCRIPT), str(webbuild.WEB), str(self._port), SYSTEM_ID, PASSWORD, str(first)),
            *("asks" if self.asks else "accepts", *self._tls),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        seen = self.count("listening")
        self._reader = asyncio.create_task(self._read(self._process))
        await self.until(lambda: self.count("listening") > seen)
        backend = {"protocol": "smpp", "host": "127.0.0.1", "port": self._port, "system_id": SYSTEM_ID}
        return {"backend": {**backend, "password": PASSWORD, "answer_s": 5.0, **self.settings}, "sender": NUMBER}

    async def stop(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        assert self._reader is not None
        await self._reader
        self._process = None

    async def deliver(self, raw: Any) -> None:
        """Hand over a part as a phone network would: the SMSC repeats it until it is taken."""
        while await self.offer(**raw):
            await asyncio.sleep(0.2)

    async def offer(self, **order: Any) -> int:
        """Hand over a part once and return the status it was answered with."""
        self._number += 1
        number = self._number
        self.order("deliver", **{"destination": NUMBER, **order, "number": number})
        return int((await self.event("taken", number=number))["status"])

    def script(self, answer: Any) -> None:
        self._answers.append(answer)

    def order(self, do: str, **fields: Any) -> None:
        """Tell the node process something."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **fields}).encode() + b"\n")

    async def event(self, name: str, **fields: Any) -> dict[str, Any]:
        """Return the first event like this once it was told."""

        def like() -> list[dict[str, Any]]:
            wanted = {"event": name, **fields}.items()
            return [event for event in self.events if all(event.get(key) == value for key, value in wanted)]

        await self.until(like)
        return like()[0]

    def count(self, name: str) -> int:
        """Return how many events of this name were told."""
        return sum(event["event"] == name for event in self.events)

    async def until(self, is_true: Any) -> None:
        """Return when ``is_true``."""
        async with asyncio.timeout(15), self._news:
            await self._news.wait_for(is_true)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                continue  # cut off by a kill
            if event["event"] == "submitting":
                answer = self._answers.pop(0) if self._answers else {}
                self.order("answer", number=event["number"], answer=answer)
                continue
            async with self._news:
                self.note(event)
                self._news.notify_all()

    def note(self, event: dict[str, Any]) -> None:
        """Keep what the node process told."""
        self.events.append(event)
        if event["event"] == "submitted":
            self.accepted += 1
            self.received.append(wire_of(event))


def wire_of(event: dict[str, Any]) -> dict[str, Any]:
    """Return what of a submitted part is compared."""
    return {key: event[key] for key in ("source", "destination", "text", "coding", "udh")}


def part(text: str, reference: int, total: int, number: int, *, source: str = "8613800138000") -> dict[str, Any]:
    """Return one part of a long message as a phone network hands it over."""
    data = bytes((5, 0, 3, reference, total, number)) + text.encode("utf-16-be")
    return {"source": source, "coding": 8, "esm": 0x40, "data": data.hex()}


def whole(text: str, *, source: str = "8613800138000") -> dict[str, Any]:
    """Return a short message as a phone network hands it over."""
    return {"source": source, "coding": 8, "data": text.encode("utf-16-be").hex()}


def receipt(
    part_id: str, state: str = "DELIVRD", *, error: str = "000", source: str = "8613800138000"
) -> dict[str, Any]:
    """Return a delivery receipt."""
    text = f"id:{part_id} sub:001 dlvrd:001 submit date:2611221200 done date:2611221201 stat:{state} err:{error} text:"
    return {"source": "8613800138000", "esm": 4, "data": text.encode().hex()}
