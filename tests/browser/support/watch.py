"""Remembers what a page must never do: errors on the console, forbidden or foreign requests."""

from playwright.sync_api import BrowserContext, ConsoleMessage, Request

OWN_SCHEMES = ("data:", "blob:")
LINE_FAULTS = (
    "net::ERR_",
    "dynamically imported module",
    "WebSocket connection to",
    "status of 502",
    "status of 503",
    "status of 504",
)


class Watch:
    """Looks over one browser's shoulder."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.faults: list[str] = []
        self.may_lose_the_line = False
        self._tolerated: list[tuple[str, str]] = []
        self._url = url
        context.on("console", self._console)
        context.on("weberror", lambda fault: self._script(str(fault.error)))
        context.on("request", self._request)

    def tolerate(self, text: str, url: str = "") -> None:
        """Expect a fault with ``text`` that comes from an address with ``url``."""
        self._tolerated.append((text, url))

    def _console(self, line: ConsoleMessage) -> None:
        if line.type != "error" and "Security Policy" not in line.text:
            return
        at = line.location.get("url", "")
        if self.may_lose_the_line and any(fault in line.text for fault in LINE_FAULTS):
            return
        if any(text in line.text and url in at for text, url in self._tolerated):
            return
        self.faults.append(f"{line.type}: {line.text} ({at})")

    def _script(self, error: str) -> None:
        if not (self.may_lose_the_line and any(fault in error for fault in LINE_FAULTS)):
            self.faults.append(f"script: {error}")

    def _request(self, request: Request) -> None:
        if any(url and request.url.startswith(url) for _, url in self._tolerated):
            return
        if not request.url.startswith((self._url, self._url.replace("http", "ws", 1), *OWN_SCHEMES)):
            self.faults.append(f"foreign request: {request.url}")
