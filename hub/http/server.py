"""Serves declared endpoints: who calls, may they, is it well formed; then the handler, then one shape of answer."""

import asyncio
import logging
import secrets
from collections.abc import Iterable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from core.config import decode_settings
from core.errors import ConfigInvalid, TryLater
from hub.accounts.identity import Identity
from hub.errors import ApiError, not_found
from hub.http.answers import error_answer, json_answer
from hub.http.endpoints import PUBLIC, SESSION, VISITOR, Call, Endpoint, NoBody
from hub.services import Services
from hub.store.fields import ID_LENGTH, SLUG_LENGTH

log = logging.getLogger(__name__)

Query = TypeVar("Query")

BODY_S: Final = 20.0
RETRY_AFTER_S: Final = 5.0  # when something that a call needs is away
COOKIE: Final = "lianxin_session"
NOT_LOGGED_IN: Final = "not_logged_in"
RENEWED_S: Final = web.RequestKey("renewed_s", float)  # what was prolonged: the new age of the session's cookie
UUIDS: Final = frozenset(
    {"conversation_id", "contact_id", "entry_id", "user_id", "article_id", "comment_id", "unanswered_id"}
)  # all else are slugs
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}


def mount(app: web.Application, endpoints: Iterable[Endpoint], services: Services) -> None:
    """Add every endpoint to ``app``."""
    for endpoint in endpoints:
        app.router.add_route(endpoint.method, endpoint.path, _handler(endpoint, services))


@web.middleware
async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
    """Turn every failure into the one error shape and add the security headers."""
    try:
        response: web.StreamResponse = await handler(request)
    except ApiError as error:
        response = error_answer(error)
    except ConfigInvalid as error:
        response = error_answer(ApiError(422, "invalid", str(error), fields=error.faults))
    except TryLater as error:
        response = error_answer(ApiError(503, error.code, str(error), retry_after_s=RETRY_AFTER_S))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = error_answer(ApiError(error.status, _code_of(error.status), error.reason))
        if allowed := error.headers.get("Allow"):
            response.headers["Allow"] = allowed
    except Exception:
        log.exception("call failed: %s %s", request.method, request.match_info.route.resource)
        response = error_answer(ApiError(500, "internal", "the hub failed; its log says why"))
    if not response.prepared:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
    return response


def remote_of(request: web.Request, trusted: tuple[str, ...]) -> str:
    """Return the caller's network address; a proxy is believed only when it is a trusted one."""
    peer = request.remote or ""
    if peer in trusted and (lines := request.headers.getall("X-Forwarded-For", [])):
        return lines[-1].rpartition(",")[2].strip()  # the last one is the proxy's own word
    return peer


def check_origin(request: web.Request, public_url: str) -> None:
    """Raise 403 ``foreign_origin`` when another site's page makes this call."""
    origin = request.headers.get("Origin")
    if origin is None:
        return  # not a browser, or a same-origin GET
    allowed = urlsplit(public_url).netloc if public_url else request.host
    if urlsplit(origin).netloc != allowed:
        raise ApiError(403, "foreign_origin", "the call comes from another site's page")


async def identify(request: web.Request, services: Services) -> Identity:
    """Return who calls; 401 ``not_logged_in`` without a valid session."""
    found = await services.sessions.identify(request.cookies.get(COOKIE, ""))
    if found is None:
        raise ApiError(401, NOT_LOGGED_IN, "log in first")
    if found.renewed_s is not None:
        request[RENEWED_S] = found.renewed_s
    return found.identity


def _handler(endpoint: Endpoint, services: Services) -> Any:
    async def handle(request: web.Request) -> web.StreamResponse:
        identity = await _admit(request, endpoint, services)
        call = Call(
            identity=identity,
            path=_path_of(request),
            query=NoBody() if endpoint.query is NoBody else query_of(endpoint.query, request),
            body=await _decode_body(endpoint, request),
            remote=remote_of(request, services.settings.http.trusted_proxies),
            user_agent=request.headers.get("User-Agent", "")[:200],
            token=request.cookies.get(COOKIE, ""),
        )
        answer = await endpoint.handler(services, call)
        response = web.Response(status=204) if answer is None else json_answer(answer, endpoint.status)
        if RENEWED_S in request:
            call.cookies.insert(0, (call.token, request[RENEWED_S]))
        if call.cookies:
            _set_cookie(response, call.cookies[-1], secure=_is_secure(request, services.settings.http.public_url))
        return response

    return handle


async def admit_upload(request: web.Request, services: Services) -> Identity:
    """Return who uploads a file; the same checks as for a declared endpoint with ``desk.use``."""
    check_origin(request, services.settings.http.public_url)
    return await authorize(request, services, "desk.use")


async def _admit(request: web.Request, endpoint: Endpoint, services: Services) -> Identity:
    if request.method not in SAFE_METHODS:
        check_origin(request, services.settings.http.public_url)
    if endpoint.permission == PUBLIC:
        return Identity()
    if endpoint.permission == VISITOR:
        return await _visitor(request, services)
    return await authorize(request, services, endpoint.permission)


async def _visitor(request: web.Request, services: Services) -> Identity:
    try:
        return await authorize(request, services, SESSION)
    except ApiError as error:
        if error.code != NOT_LOGGED_IN:
            raise
        return Identity()


def query_of(kind: type[Query], request: web.Request) -> Query:
    """Return the query of ``request`` as a ``kind``; 422 names what is wrong with it."""
    try:
        return msgspec.convert(dict(request.query), type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise ApiError(422, "invalid", str(error), fields={"query": str(error)}) from error


async def authorize(request: web.Request, services: Services, permission: str) -> Identity:
    """Return who calls, once it is clear that they may: session, rate, token, first password, permission."""
    identity = await identify(request, services)
    if wait_s := services.call_limiter.wait_s(identity.user_id):
        raise ApiError(429, "rate_limited", "too many calls", retry_after_s=wait_s)
    if request.method not in SAFE_METHODS and not secrets.compare_digest(
        request.headers.get("X-CSRF-Token", "").encode(), identity.csrf.encode()
    ):
        raise ApiError(403, "csrf", "header X-CSRF-Token is missing or stale")
    if permission != SESSION:
        if identity.must_change_password:
            raise ApiError(403, "password_change_required", "change the first password")
        identity.require(permission)
    return identity


def _path_of(request: web.Request) -> dict[str, str]:
    """Return the path's parameters; 404 when one is longer than any id."""
    path = dict(request.match_info)
    for name, value in path.items():
        if len(value) > (ID_LENGTH if name in UUIDS else SLUG_LENGTH):
            raise not_found(name.removesuffix("_id"))
    return path


async def _decode_body(endpoint: Endpoint, request: web.Request) -> Any:
    if endpoint.body is NoBody:
        return NoBody()
    try:
        async with asyncio.timeout(BODY_S):
            raw = await request.read()
    except TimeoutError as error:
        raise ApiError(408, "too_slow", f"the body did not come within {BODY_S:g} s") from error
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(400, "not_json", f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ApiError(422, "invalid", "the body must be a JSON object", fields={"": "not an object"})
    return decode_settings(endpoint.body, value)


def _set_cookie(response: web.Response, cookie: tuple[str, float], *, secure: bool) -> None:
    token, age_s = cookie
    response.set_cookie(COOKIE, token, max_age=int(age_s), httponly=True, samesite="Strict", secure=secure, path="/")


def _is_secure(request: web.Request, public_url: str) -> bool:
    return request.secure or public_url.startswith("https://")


def _code_of(status: int) -> str:
    return {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(status, "refused")
