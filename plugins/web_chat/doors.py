"""Who may come in: pages of which sites, and from which address of the net a request really comes."""

from urllib.parse import urlsplit

from aiohttp import web

from core.webhooks import Refused

_OWN_PROXY = frozenset({"", "127.0.0.1", "::1"})  # the hub's proxy; "" is a Unix socket


def remote_address(request: web.Request) -> str:
    """Return where ``request`` comes from: what the hub's proxy says, else the peer itself."""
    peer = request.remote or ""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return forwarded.rpartition(",")[2].strip() or peer if peer in _OWN_PROXY else peer


def check_origin(request: web.Request, allowed: tuple[str, ...]) -> None:
    """Refuse pages of foreign sites; programs that are no browsers send no Origin and hold no cookies of ours."""
    origin = request.headers.get("Origin")
    if origin is not None and not (is_own(request, origin) or origin.lower() in allowed):
        raise Refused(403, "foreign_origin")


def cross_origin_headers(request: web.Request, allowed: tuple[str, ...]) -> dict[str, str]:
    """Return what lets a page of an allowed foreign site read the answer (Fetch standard, CORS protocol)."""
    origin = request.headers.get("Origin")
    if origin is None or origin.lower() not in allowed:
        return {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}


def is_own(request: web.Request, origin: str) -> bool:
    """Tell whether ``origin`` is the host that was asked; the scheme is lost behind a TLS proxy and not compared."""
    asked = request.headers.get("X-Forwarded-Host") or request.host
    return urlsplit(origin).netloc.lower() == asked.lower() != ""
