"""What the routing core refuses, and why."""

from core.errors import LianxinError


class RoutingRefused(LianxinError):
    """An input that does not fit the state; nothing was changed. ``code`` says why, ``ids`` names what was meant."""

    def __init__(self, code: str, **ids: str) -> None:
        super().__init__(f"{code}: " + ", ".join(f"{name}={value!r}" for name, value in ids.items()))
        self.code = code
        self.ids = ids
