"""A CMPP gateway on loopback, written from the protocol's tables and sharing no code with the plugin."""

import asyncio
import contextlib
import hashlib
import struct
from typing import Any

SP_ID = "901234"
SECRET = "ShareD-s3cret"
NUMBER = "10690001"

CONNECT, TERMINATE, SUBMIT, DELIVER, ACTIVE_TEST = 1, 2, 4, 5, 8
RESP = 0x80000000


class Ismg:
    """The peer of the contract suite, in CMPP 2.0; see ``Ismg3``."""

    version = "2.0"

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.parts: list[dict[str, Any]] = []
        self.active_tests: asyncio.Queue[int] = asyncio.Queue()
        self._port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._answers: list[dict[str, Any]] = []
        self._taken: dict[int, asyncio.Future[int]] = {}
        self._sequence = 0
        self._ids = 0
        self._connected = asyncio.Event()
        self._gone = asyncio.Event()  # nobody is connected
        self._gone.set()

    @property
    def _is_3(self) -> bool:
        return self.version == "3.0"

    async def start(self) -> dict[str, Any]:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        backend = {"protocol": "cmpp", "host": "127.0.0.1", "port": self._port, "version": self.version, "sp_id": SP_ID}
        return {
            "backend": {**backend, "secret": SECRET, "checks_gateway": True, "answer_s": 5.0, "active_test_s": 0.3},
            "sender": NUMBER,
        }

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()
        await self._gone.wait()
        self._server = None

    def script(self, answer: Any) -> None:
        self._answers.append(answer)

    async def deliver(self, raw: Any) -> None:
        async with asyncio.timeout(15):
            await self._connected.wait()
        body = raw["body"] if "body" in raw else self.deliver_body(**raw)
        self._sequence += 1
        taken = self._taken[self._sequence] = asyncio.get_running_loop().create_future()
        for writer in self._writers:
            writer.write(_unit(DELIVER, self._sequence, body))
        async with asyncio.timeout(15):
            await taken

    def deliver_body(
        self,
        text: str = "",
        *,
        source: str = "8613800138000",
        msg_id: int = 0,
        msg_fmt: int = 8,
        content: bytes | None = None,
        udhi: int = 0,
        report: bool = False,
    ) -> bytes:
        """Return the body of a DELIVER."""
        if content is None:
            content = text.encode({0: "ascii", 8: "utf-16-be", 15: "gb18030"}[msg_fmt])
        width = 32 if self._is_3 else 21
        return b"".join(
            (
                struct.pack(">Q21s10sBBB", msg_id, NUMBER.encode(), b"", 0, udhi, msg_fmt),
                source.encode().ljust(width, b"\0"),
                b"\0" if self._is_3 else b"",
                bytes((report, len(content))) + content,
                bytes(20 if self._is_3 else 8),
            )
        )

    def report(self, msg_id: str, stat: str = "DELIVRD") -> dict[str, Any]:
        """Return a DELIVER with the status report about a part."""
        times = b"2611221200" * 2
        dest = b"13800138000".ljust(32 if self._is_3 else 21, b"\0")
        content = bytes.fromhex(msg_id) + stat.encode() + times + dest + bytes(4)
        return {"content": content, "report": True, "msg_fmt": 0}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._gone.clear()
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    length, command, sequence = struct.unpack(">III", await reader.readexactly(12))
                    self._answer(writer, command, sequence, await reader.readexactly(length - 12))
        finally:
            self._connected.clear()
            self._writers.discard(writer)
            if not self._writers:
                self._gone.set()
            writer.close()

    def _answer(self, writer: asyncio.StreamWriter, command: int, sequence: int, body: bytes) -> None:
        if command == CONNECT:
            writer.write(_unit(CONNECT | RESP, sequence, self._connect(body)))
            self._connected.set()
        elif command == TERMINATE:
            writer.write(_unit(TERMINATE | RESP, sequence))
        elif command == ACTIVE_TEST:
            self.active_tests.put_nowait(sequence)
            writer.write(_unit(ACTIVE_TEST | RESP, sequence, b"\0"))
        elif command == SUBMIT:
            answer = self._answers.pop(0) if self._answers else {}
            if answer.get("drop"):
                writer.transport.abort()
                return
            result = answer.get("result", 0)
            msg_id = 0 if result else self._note(body)
            writer.write(_unit(SUBMIT | RESP, sequence, struct.pack(">Q", msg_id) + self._number(result)))
        elif command == DELIVER | RESP:
            taken = self._taken.pop(sequence, None)
            if taken is not None and not taken.done():
                taken.set_result(body[8])

    def _connect(self, body: bytes) -> bytes:
        source, proof, version, timestamp = struct.unpack(">6s16sBI", body)
        expected = hashlib.md5(source + bytes(9) + SECRET.encode() + b"%010d" % timestamp).digest()
        status = 0 if source == SP_ID.encode() and proof == expected else 3
        mine = hashlib.md5(self._number(status) + proof + SECRET.encode()).digest()
        return self._number(status) + mine + bytes([version])

    def _note(self, body: bytes) -> int:
        width = 33 if self._is_3 else 21
        msg_id, total, number, registered, _, service = struct.unpack(">QBBBB10s", body[:22])
        at = 22 + 1 + width
        _, udhi, fmt, sp_id, *_ = struct.unpack(">BBB6s2s6s17s17s", body[at : at + 51])
        at += 51
        source, count = struct.unpack(">21sB", body[at : at + 22])
        at += 22
        terminal = 32 if self._is_3 else 21
        destination = body[at : at + terminal].rstrip(b"\0").decode()
        at += width
        content = body[at + 1 : at + 1 + body[at]]
        assert len(body) == at + 1 + body[at] + (20 if self._is_3 else 8)
        assert (msg_id, sp_id, count, service) == (0, SP_ID.encode(), 1, bytes(10))
        header, content = (content[:6], content[6:]) if udhi else (b"", content)
        text = content.decode({0: "ascii", 8: "utf-16-be", 15: "gb18030"}[fmt])
        shown = {"source": source.rstrip(b"\0").decode(), "destination": destination, "text": text, "fmt": fmt}
        self.received.append(shown)
        self._ids += 1
        numbered = {"total": total, "number": number, "header": header.hex(), "report": registered}
        self.parts.append({**shown, **numbered, "msg_id": f"{self._ids:016x}"})
        return self._ids

    def _number(self, value: int) -> bytes:
        return struct.pack(">I" if self._is_3 else ">B", value)


class Ismg3(Ismg):
    """The same in CMPP 3.0."""

    version = "3.0"


def _unit(command: int, sequence: int, body: bytes = b"") -> bytes:
    return struct.pack(">III", 12 + len(body), command, sequence) + body
