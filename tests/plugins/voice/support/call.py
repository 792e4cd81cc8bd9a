"""One call of a test's telephone: answering, holding, ending, and the audio both ways."""

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.plugins.voice.support.audio_line import T1_S, AudioLine
from tests.plugins.voice.support.ear import WITHIN_S
from tests.plugins.voice.support.sip import Message, authorize, media_address, offer, uri

if TYPE_CHECKING:
    from tests.plugins.voice.support.phone import Phone


class Call(AudioLine):
    """One call; ``status`` is the last answer to our INVITE, ``end`` how it ended."""

    def __init__(self, phone: "Phone", call_id: str, *, remote: str, is_ours: bool) -> None:
        super().__init__()
        self.phone = phone
        self.call_id = call_id
        self.invite_request: Message | None = None
        self.status = 0
        self.end = ""
        self.is_held = False
        self._remote = remote
        self._target = ""
        self._tag = uuid4().hex[:8]
        self._number = 1
        self._is_ours = is_ours
        self._is_up = asyncio.Event()
        self._is_ringing = asyncio.Event()
        self._has_ended = asyncio.Event()
        self._port = 0
        self._last: Message | None = None  # sent again when the INVITE is repeated
        self._closed = False
        self._is_retried = False
        self._reinvited: asyncio.Future[Message] | None = None
        phone.calls[call_id] = self

    @property
    def caller(self) -> str:
        """Return the address an incoming call claims to come from."""
        return uri(self._remote)

    @property
    def dialled(self) -> str:
        """Return the number that an incoming call was for."""
        assert self.invite_request is not None
        return self.invite_request.start.split()[1].removeprefix("sip:").partition("@")[0]

    async def invite(self, target: str, headers: dict[str, str]) -> None:
        self._port = await self.open(self.phone.host)
        self._target = target
        request = self.phone.request("INVITE", target, self._remote, self.call_id, mark=self._tag)
        request.headers += [("contact", self.phone.contact), *((name.lower(), text) for name, text in headers.items())]
        request.headers.append(("content-type", "application/sdp"))
        request.body = offer(self.phone.host, self._port)
        self._send_invite(request)

    async def answered(self, *, within_s: float = WITHIN_S) -> None:
        """Return when the other side has answered; AssertionError when it refused."""
        await self._wait(self._is_up, "answered", within_s)

    async def rang(self, *, within_s: float = WITHIN_S) -> None:
        """Return when the other side said that it rings."""
        await self._wait(self._is_ringing, "rung", within_s)

    async def ended(self, *, within_s: float = WITHIN_S) -> str:
        """Return how it ended: ``BYE`` by the other side, ``hung up`` by us, ``CANCEL``, or a status."""
        async with asyncio.timeout(within_s):
            await self._has_ended.wait()
        return self.end

    async def answer(self) -> None:
        """Pick an incoming call up."""
        assert self.invite_request is not None
        self._port = self._port or await self.open(self.phone.host)
        body = offer(self.phone.host, self._port)
        self._reply(self.invite_request, 200, body)
        self._is_up.set()
        if far_end := media_address(self.invite_request.body):
            self.start(far_end)

    def reject(self, status: int = 486) -> None:
        """Refuse an incoming call."""
        assert self.invite_request is not None
        self._reply(self.invite_request, status)
        self._finish(str(status))

    async def hang_up(self) -> None:
        """End the call, in whatever state it is."""
        if self._has_ended.is_set():
            return
        if not self._is_up.is_set():
            if self._is_ours:
                await self._cancel()
            else:
                self.reject()
            return
        self._finish("hung up")
        await self.phone.ask(self._within("BYE"))

    async def hold(self) -> None:
        """Put the other side on hold."""
        await self._reinvite("sendonly")

    async def unhold(self) -> None:
        """Take it back."""
        await self._reinvite("sendrecv")

    async def transfer(self, number: str) -> int:
        """Ask the other side to call ``number`` instead (SIP REFER); return the status of the answer."""
        request = self._within("REFER")
        request.headers.append(("refer-to", f"<sip:{number}@{self.phone.server[0]}>"))
        return (await self.phone.ask(request)).status

    async def close(self) -> None:
        """Hang up and give the ports back."""
        if self._closed:
            return
        self._closed = True
        try:
            await self.hang_up()
        finally:
            if self._port:
                await super().close()
            self.phone.calls.pop(self.call_id, None)

    async def vanish(self) -> None:
        """Go without a word, like a phone whose cable was pulled."""
        self._finish("vanished")
        await self.close()

    # messages

    def hear_answer(self, answer: Message) -> None:
        if self._reinvited is not None:
            if answer.status >= 200:
                self._acknowledge(answer)
                if not self._reinvited.done():
                    self._reinvited.set_result(answer)
            return
        self.status = answer.status
        if answer.status in (180, 183):
            self._is_ringing.set()
        if far_end := media_address(answer.body):
            self.start(far_end)  # 183 brings announcements before the call is answered
        if answer.status < 200:
            return
        self._acknowledge(answer)
        if answer.status < 300:
            self._remote = answer["to"]
            self._target = uri(answer["contact"]) or self._target
            if self._has_ended.is_set():
                self.phone.send(self._within("BYE"))  # our CANCEL and their answer met on the way
            self._is_up.set()
        elif answer.status in (401, 407) and self.phone.password and not self._is_retried:
            self._retry(answer)
        else:
            self._finish(str(answer.status))

    def _retry(self, answer: Message) -> None:
        assert self.invite_request is not None
        self._is_retried = True
        self._number += 1
        challenge = answer["www-authenticate"] or answer["proxy-authenticate"]
        old = self.invite_request
        request = self.phone.request(
            "INVITE", self._target, old["to"], self.call_id, number=self._number, mark=self._tag
        )
        request.headers += [pair for pair in old.headers if pair[0] not in dict(request.headers)]
        credentials = authorize(challenge, "INVITE", self._target, self.phone.user, self.phone.password)
        request.headers.append(("authorization", credentials))
        request.body = old.body
        self._send_invite(request)

    def _send_invite(self, request: Message) -> None:
        self.invite_request = request
        self.status = 0
        self._repeat(request, T1_S)

    def _repeat(self, request: Message, wait_s: float) -> None:
        """Send an INVITE until it is answered, as RFC 3261 has it: an engine that is too busy drops some."""
        is_ours = self.phone.calls.get(self.call_id) is self and not self._closed and not self._has_ended.is_set()
        if is_ours and self.invite_request is request and not self.status:
            self.phone.send(request)
            asyncio.get_running_loop().call_later(wait_s, self._repeat, request, 2 * wait_s)

    def hear_request(self, request: Message) -> None:
        match request.method:
            case "INVITE" if self.invite_request is None:
                self.invite_request = request
                self._target = uri(request["contact"])
                self._reply(request, 180)
            case "INVITE" if request["cseq"] == self.invite_request["cseq"] and self._last is not None:
                self.phone.send(self._last)
            case "INVITE":
                self.is_held = any(word in request.body for word in ("a=sendonly", "a=inactive"))
                self._reply(request, 200, offer(self.phone.host, self._port))
                if far_end := media_address(request.body):
                    self.far_end = far_end
            case "BYE":
                self._reply(request, 200)
                self._finish("BYE")
            case "CANCEL":
                self._reply(request, 200)
                if self.invite_request is not None and not self._is_up.is_set():
                    self._reply(self.invite_request, 487)
                    self._finish("CANCEL")
            case "ACK":
                return
            case _:
                self._reply(request, 200)

    def _reply(self, request: Message, status: int, body: str = "") -> None:
        answer = self.phone.answer(request, status, mark=self._tag, body=body)
        if request.method == "INVITE":
            self._last = answer
        self.phone.send(answer)

    def _within(self, method: str) -> Message:
        """Return a request inside the call."""
        self._number += 1
        request = self.phone.request(
            method, self._target, self._remote, self.call_id, number=self._number, mark=self._tag
        )
        if not self._is_ours:
            assert self.invite_request is not None
            local = f"{self.invite_request['to']};tag={self._tag}"
            request.headers = [(name, local if name == "from" else value) for name, value in request.headers]
        request.headers.append(("contact", self.phone.contact))
        return request

    def _acknowledge(self, answer: Message) -> None:
        assert self.invite_request is not None
        number = int(answer["cseq"].split()[0])
        ack = self._within("ACK")
        self._number -= 1
        ack.headers = [
            (name, {"cseq": f"{number} ACK", "to": answer["to"]}.get(name, value)) for name, value in ack.headers
        ]
        if answer.status >= 300:  # part of the INVITE's own transaction
            via = self.invite_request["via"]
            ack.headers = [(name, via if name == "via" else value) for name, value in ack.headers]
            ack.start = f"ACK {self.invite_request.start.split()[1]} SIP/2.0"
        elif target := uri(answer["contact"]):
            ack.start = f"ACK {target} SIP/2.0"
        self.phone.send(ack)

    async def _cancel(self) -> None:
        assert self.invite_request is not None
        invite = self.invite_request
        number = invite["cseq"].split()[0]
        kept = [pair for pair in invite.headers if pair[0] in ("via", "from", "to", "call-id", "max-forwards")]
        self.phone.send(Message(f"CANCEL {invite.start.split()[1]} SIP/2.0", [*kept, ("cseq", f"{number} CANCEL")]))
        async with asyncio.timeout(WITHIN_S):
            await self._has_ended.wait()

    async def _reinvite(self, direction: str) -> None:
        request = self._within("INVITE")
        request.headers.append(("content-type", "application/sdp"))
        request.body = offer(self.phone.host, self._port, direction)
        self._reinvited = asyncio.get_running_loop().create_future()
        self.phone.send(request)
        async with asyncio.timeout(WITHIN_S):
            answer = await self._reinvited
        self._reinvited = None
        assert answer.status == 200, answer.start

    def _finish(self, how: str) -> None:
        if not self._has_ended.is_set():
            self.end = how
            self._has_ended.set()

    async def _wait(self, what: asyncio.Event, word: str, within_s: float) -> None:
        happened = asyncio.create_task(what.wait())
        ended = asyncio.create_task(self._has_ended.wait())
        try:
            async with asyncio.timeout(within_s):
                await asyncio.wait({happened, ended}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise AssertionError(f"not {word} within {within_s:g} s; last answer {self.status}") from None
        finally:
            happened.cancel()
            ended.cancel()
        assert what.is_set(), f"not {word} but ended: {self.end}"
