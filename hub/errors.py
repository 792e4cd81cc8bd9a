"""Errors a browser is told about, and the one shape they are told in."""

import msgspec

from core.errors import LianxinError


class ApiError(LianxinError):
    """A call that cannot be done; ``status`` is HTTP's, ``code`` stable, ``fields`` name what is wrong."""

    def __init__(
        self,
        status: int,
        code: str,
        text: str = "",
        *,
        fields: dict[str, str] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(text or code)
        self.status = status
        self.code = code
        self.fields = fields or {}
        self.retry_after_s = retry_after_s


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong; ``code`` has a catalogue text ``error.<code>``."""

    code: str
    message: str
    fields: dict[str, str] = {}
    retry_after_s: float | None = None


class ErrorAnswer(msgspec.Struct, frozen=True):
    """The body of every answer that is no success."""

    error: ErrorBody


def not_found(what: str) -> ApiError:
    """Return the error for something that is not there, or not for this user to see."""
    return ApiError(404, "not_found", f"no such {what}")
