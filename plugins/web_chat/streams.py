"""The way in for nets that break WebSockets: an event stream down (WHATWG HTML 9.2), posts up, the same frames."""

import asyncio
import logging
import secrets
from contextlib import aclosing
from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from core.webhooks import Refused
from plugins.web_chat import wire
from plugins.web_chat.identity import IdentityRefused
from plugins.web_chat.limits import TooMany
from plugins.web_chat.reception import Reception
from plugins.web_chat.session import Session

log = logging.getLogger(__name__)

MAX_FRAMES: Final = 20  # in one post
MAX_DIGITS: Final = 15  # of a number in Last-Event-ID
DETACHED_S: Final = 30.0  # how long a session without a stream waits for it to come back


class Post(msgspec.Struct, frozen=True):
    """Body of a post: frames in their order; the first post's first frame is hello and it has no ``session``."""

    frames: Annotated[tuple[wire.ClientFrame, ...], Meta(min_length=1, max_length=MAX_FRAMES)]
    session: Annotated[str, Meta(max_length=64)] | None = None


class Answers(msgspec.Struct, frozen=True):
    """Answer to a post; ``session`` names the stream to open and stands in later posts."""

    session: str
    frames: list[wire.ServerFrame]


class Stream:
    """A session that outlives its HTTP requests for a while."""

    def __init__(self, session: Session, ip: str, last: int) -> None:
        self.session = session
        self.ip = ip
        self.last = last
        self.writer: asyncio.Task[None] | None = None
        self.expiry: asyncio.TimerHandle | None = None
        self.turn = asyncio.Lock()  # posts are taken one after the other


class Streams:
    """All sessions carried by event streams."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._streams: dict[str, Stream] = {}

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Take frames from a widget and answer each that has an answer."""
        try:
            post = wire.decode(await request.read(), Post)
        except wire.FrameRefused as error:
            raise Refused(400, "bad_frame") from error
        answers: list[wire.ServerFrame] = []
        frames = post.frames
        if post.session is None:
            if not isinstance(frames[0], wire.Hello):
                raise Refused(400, "hello_first")
            sid, welcome = self._begin(request, frames[0])
            answers.append(welcome)
            frames = frames[1:]
        else:
            sid = post.session
        stream = self._find(sid)
        async with stream.turn:
            for frame in frames:
                answer = await self._reception.intake.take(frame, stream.session, stream.ip, self._reception.tickets)
                if isinstance(answer, wire.Error):
                    raise Refused(400, answer.code)
                if answer is not None:
                    answers.append(answer)
        body = msgspec.json.encode(Answers(sid, answers))
        return web.Response(body=body, content_type="application/json", headers=self._reception.headers(request))

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """Stream a session's frames; a newer stream of the same session replaces an older one."""
        sid = request.query.get("session", "")
        stream = self._find(sid)
        given = request.headers.get("Last-Event-ID", "")
        last = int(given) if given.isdecimal() and len(given) <= MAX_DIGITS else stream.last
        headers = {"X-Accel-Buffering": "no", **self._reception.headers(request)}
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **headers})
        await response.prepare(request)
        if stream.expiry is not None:
            stream.expiry.cancel()
            stream.expiry = None
        writer = stream.writer = asyncio.create_task(self._write(request, response, stream, last, stream.writer))
        try:
            await asyncio.gather(writer, return_exceptions=True)
        finally:
            writer.cancel()
            if stream.writer is writer:
                stream.writer = None
                self._expect_back(sid, stream)
        return response

    async def close(self) -> None:
        """End all streams."""
        writers = [stream.writer for stream in self._streams.values() if stream.writer is not None]
        for sid in list(self._streams):
            self._drop(sid)
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)

    def _begin(self, request: web.Request, hello: wire.Hello) -> tuple[str, wire.Welcome]:
        ip = self._reception.enter(request)
        try:
            session, welcome = self._reception.admit(hello)
        except IdentityRefused as error:
            self._reception.leave(ip)
            raise Refused(401, error.code) from error
        except TooMany as error:
            self._reception.leave(ip)
            raise Refused(429, error.code) from error
        sid = secrets.token_urlsafe(24)
        stream = self._streams[sid] = Stream(session, ip, hello.last)
        self._expect_back(sid, stream)
        return sid, welcome

    def _find(self, sid: str) -> Stream:
        stream = self._streams.get(sid)
        if stream is None:
            raise Refused(404, "no_session")
        return stream

    def _expect_back(self, sid: str, stream: Stream) -> None:
        if sid in self._streams:
            stream.expiry = asyncio.get_running_loop().call_later(DETACHED_S, self._drop, sid)

    def _drop(self, sid: str) -> None:
        if (stream := self._streams.pop(sid, None)) is None:
            return
        if stream.expiry is not None:
            stream.expiry.cancel()
        self._reception.registry.remove(stream.session)
        self._reception.leave(stream.ip)

    async def _write(
        self,
        request: web.Request,
        response: web.StreamResponse,
        stream: Stream,
        last: int,
        older: asyncio.Task[None] | None,
    ) -> None:
        """Write what follows ``last``, once an ``older`` writer of the same session has stopped."""
        if older is not None:
            older.cancel()
            await asyncio.gather(older, return_exceptions=True)
        stream.session.resume(last)
        try:
            async with aclosing(stream.session.frames()) as frames:
                async for frame in frames:
                    number = b"" if frame.seq is None else b"id: %d\n" % frame.seq
                    async with asyncio.timeout(self._reception.config.send_timeout_s):
                        await response.write(number + b"data: " + frame.data + b"\n\n")
        except (TimeoutError, ConnectionResetError):
            log.debug("a widget does not read its stream")
        except Exception:
            log.exception("writing to a widget failed")
        if request.transport is not None:
            request.transport.abort()
