"""A telephone for tests: SIP over UDP in the test's own event loop, audio both ways beside it.

async with Phone(server, "1001", password="…") as phone, phone.call("12345") as call:
    await call.answered()
    call.say(440)
    await call.hears(523)
    await call.press("1")
"""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from tests.plugins.voice.support.call import T1_S, WITHIN_S, Call
from tests.plugins.voice.support.sip import Message, authorize, parse, tag

UNASKED = range(25_000, 32_000)  # below what the kernel gives away, above what the engine uses for audio
_ECHOED = ("via", "from", "to", "call-id", "cseq", "record-route")

Address = tuple[str, int]


class Phone(asyncio.DatagramProtocol):
    """One account, or with no password one carrier's line, at ``server``; several calls at once."""

    def __init__(self, server: Address, user: str, *, password: str = "", host: str = "127.0.0.1") -> None:
        self.server = server
        self.user = user
        self.host = host
        self.port = 0
        self.password = password
        self.calls: dict[str, Call] = {}
        self.strays: list[Message] = []
        self.rejects_with: int | None = None  # answers every call with this status
        self.answers_options = True
        self.registered: asyncio.Queue[Message] = asyncio.Queue()  # accepted by us, as by a carrier; see ``takes``
        self.takes: str | None = None  # the user name whose registration is accepted, once it answers a challenge
        self._rung: asyncio.Queue[Call] = asyncio.Queue()
        self._answers: dict[str, asyncio.Queue[Message]] = {}

    async def __aenter__(self) -> "Phone":
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, (self.host, self.port))
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            for call in list(self.calls.values()):
                await call.close()
        finally:
            self._transport.close()

    @property
    def contact(self) -> str:
        return f"<sip:{self.user}@{self.host}:{self.port}>"

    @property
    def address(self) -> str:
        return f"sip:{self.user}@{self.server[0]}"

    async def register(self, *, expires_s: int = 3_600) -> int:
        """Return the final status of a REGISTER."""
        request = self.request("REGISTER", f"sip:{self.server[0]}", self.address, str(uuid4()))
        request.headers += [("contact", self.contact), ("expires", str(expires_s))]
        return (await self.ask(request)).status

    @asynccontextmanager
    async def call(
        self, number: str, *, caller: str = "", headers: dict[str, str] | None = None
    ) -> AsyncIterator["Call"]:
        """Dial ``number``; the call is hung up at the end of the block, if it is not before.

        ``caller`` is the number that a carrier vouches for (P-Asserted-Identity).
        """
        vouched = {"P-Asserted-Identity": f"<sip:{caller}@{self.host}>"} if caller else {}
        call = await self.dial(number, headers={**vouched, **(headers or {})})
        try:
            yield call
        finally:
            await call.close()

    async def dial(self, number: str, *, headers: dict[str, str] | None = None) -> "Call":
        """Return a call that has been asked for; ``close`` it."""
        call = Call(self, str(uuid4()), remote=f"<sip:{number}@{self.server[0]}>", is_ours=True)
        await call.invite(f"sip:{number}@{self.server[0]}:{self.server[1]}", headers or {})
        return call

    async def rings(self, *, within_s: float = WITHIN_S) -> "Call":
        """Return the next incoming call; it rings until it is answered or rejected."""
        async with asyncio.timeout(within_s):
            return await self._rung.get()

    # messages

    def request(self, method: str, target: str, to: str, call_id: str, *, number: int = 1, mark: str = "") -> Message:
        branch = f"z9hG4bK{uuid4().hex}"
        via = f"SIP/2.0/UDP {self.host}:{self.port};branch={branch};rport"
        return Message(
            f"{method} {target} SIP/2.0",
            [
                ("via", via),
                ("max-forwards", "70"),
                ("from", f"<{self.address}>;tag={mark or uuid4().hex[:8]}"),
                ("to", to if "<" in to else f"<{to}>"),
                ("call-id", call_id),
                ("cseq", f"{number} {method}"),
            ],
        )

    async def ask(self, request: Message, *, within_s: float = WITHIN_S) -> Message:
        """Send ``request`` and return its final answer, having answered one challenge."""
        for _ in range(2):
            key = f"{request['call-id']} {request['cseq']}"
            answers = self._answers[key] = asyncio.Queue()
            async with asyncio.timeout(within_s):
                answer = await self._final(request, answers)
            del self._answers[key]
            if answer.status not in (401, 407) or not self.password or request["authorization"]:
                return answer
            challenge = answer["www-authenticate"] or answer["proxy-authenticate"]
            method, target = request.start.split()[:2]
            number = int(request["cseq"].split()[0]) + 1
            request.headers = [pair for pair in request.headers if pair[0] not in ("cseq", "via")]
            request.headers = [
                ("via", f"SIP/2.0/UDP {self.host}:{self.port};branch=z9hG4bK{uuid4().hex};rport"),
                *request.headers,
                ("cseq", f"{number} {method}"),
                ("authorization", authorize(challenge, method, target, self.user, self.password)),
            ]
        return answer

    async def _final(self, request: Message, answers: asyncio.Queue[Message]) -> Message:
        """Return the final answer, sending ``request`` until there is one: an engine that is too busy drops some."""
        wait_s = T1_S
        while True:
            self.send(request)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    while (answer := await answers.get()).status < 200:
                        continue
                    return answer
            wait_s *= 2

    def send(self, message: Message, to: Address | None = None) -> None:
        self._transport.sendto(message.encode(), to or self.server)

    def answer(self, request: Message, status: int, reason: str = "-", *, mark: str = "", body: str = "") -> Message:
        to = request["to"] if not mark or tag(request["to"]) else f"{request['to']};tag={mark}"
        kept = [(name, to if name == "to" else value) for name, value in request.headers if name in _ECHOED]
        answer = Message(f"SIP/2.0 {status} {reason}", [*kept, ("contact", self.contact)], body)
        if body:
            answer.headers.append(("content-type", "application/sdp"))
        return answer

    def datagram_received(self, data: bytes, addr: Address) -> None:
        message = parse(data)
        if message is None:
            return
        if message.status:
            call = self.calls.get(message["call-id"])
            if message.method == "INVITE" and call is not None:
                call.hear_answer(message)
            elif (answers := self._answers.get(f"{message['call-id']} {message['cseq']}")) is not None:
                answers.put_nowait(message)
            return
        call = self.calls.get(message["call-id"])
        if call is not None:
            call.hear_request(message)
        elif message.method == "INVITE":
            self._ring(message)
        elif message.method == "OPTIONS" and self.answers_options:
            self.send(self.answer(message, 200, "OK", mark="options"))
        elif message.method == "REGISTER" and self.takes is not None:
            self._take_registration(message)
        elif message.method != "ACK":
            self.strays.append(message)
            self.send(self.answer(message, 481, "No such call", mark="none"))

    def _take_registration(self, request: Message) -> None:
        if f'username="{self.takes}"' not in request["authorization"]:
            challenge = self.answer(request, 401, "Unauthorized", mark="reg")
            challenge.headers.append(("www-authenticate", 'Digest realm="carrier", nonce="n0", algorithm=MD5'))
            self.send(challenge)
            return
        taken = self.answer(request, 200, "OK", mark="reg")
        kept = [pair for pair in taken.headers if pair[0] != "contact"]
        taken.headers = [*kept, ("contact", f"{request['contact']};expires=300")]
        self.send(taken)
        self.registered.put_nowait(request)

    def _ring(self, invite: Message) -> None:
        if self.rejects_with is not None:
            self.send(self.answer(invite, self.rejects_with, "No", mark="no"))
            return
        call = Call(self, invite["call-id"], remote=invite["from"], is_ours=False)
        call.hear_request(invite)
        self._rung.put_nowait(call)


def free_port(*, lasting: bool = False) -> int:
    """Return a UDP port that was free a moment ago; one that is ``lasting`` the kernel gives to nobody by itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        while True:
            with suppress(OSError):
                probe.bind(("127.0.0.1", random.choice(UNASKED) if lasting else 0))
                port: int = probe.getsockname()[1]
                return port
