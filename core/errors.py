"""Errors named by what happens next; every one carries a stable ``code``."""

from typing import Final

TEMPORARY: Final = frozenset(  # codes by which the other side says that it could not now, not that it never will
    {
        "bus_unavailable",
        "engine_away",
        "engine_not_ready",
        "internal",  # a full disk, say
        "media_key_missing",
        "not_ready",
        "store_unavailable",
        "try_later",
        "upload_lost",
    }
)


class LianxinError(Exception):
    """Base of every error raised on purpose; ``code`` is stable, the text is for an operator."""

    code: str = "error"


class ConfigInvalid(LianxinError):
    """Settings are wrong; ``faults`` maps each bad field's dotted path to what is wrong with it."""

    code = "config_invalid"

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("; ".join(f"{path or '(settings)'}: {fault}" for path, fault in faults.items()))
        self.faults = faults


class ManifestInvalid(LianxinError):
    """A plugin.toml cannot be used; the text names the file and the field."""

    code = "manifest_invalid"


class TryLater(LianxinError):
    """Something this work needs is away: the same work is repeated later and never given up."""

    code = "try_later"


class BusUnavailable(TryLater):
    """The bus did not take an event in time: tell the outside to repeat it later."""

    code = "bus_unavailable"


class RefusedForNow(TryLater):
    """The other side of a bus request could not now, not that it never will; ``code`` is that side's own."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class NeverHandled(LianxinError):
    """An event that must not be handled, now or later: it is parked at once; ``code`` says why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class PayloadTooLarge(LianxinError):
    """Larger than the bus carries: never to be repeated like this."""

    code = "payload_too_large"


class RequestFailed(LianxinError):
    """The other side of a bus request answered with an error; ``code`` is that side's own."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code

    @property
    def is_temporary(self) -> bool:
        """Tell whether the same request may succeed later."""
        return self.code in TEMPORARY


class ChannelNotReady(LianxinError):
    """The far end cannot be reached now: the host runs the channel again after a back-off."""

    code = "not_ready"


class ChannelAuthFailed(LianxinError):
    """The far end refused our credentials: repeated rarely, an operator has to act."""

    code = "auth_failed"


class SendError(LianxinError):
    """A message was not sent; ``code`` says why in one stable word."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(text or code)
        self.code = code


class SendDeferred(SendError):
    """Not sent now, try again later; the far end certainly did not take it.

    With ``lets_pass`` later messages to the same person go first: this one can wait, an answer cannot.
    """

    def __init__(
        self, code: str, text: str = "", *, retry_after_s: float | None = None, lets_pass: bool = False
    ) -> None:
        super().__init__(code, text)
        self.retry_after_s = retry_after_s
        self.lets_pass = lets_pass


class SendRejected(SendError):
    """Never to be sent like this: the far end, or the message itself, forbids it."""


class SendUnknown(SendError):
    """Nobody knows whether the far end took it: shown as such, never repeated blindly."""
