"""Numbers outside that agents transfer to, consult and call by name."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.addresses import normalize
from core.config import Settings
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.dispatch.queues import Title
from hub.errors import ApiError
from hub.setup.definitions import Definitions
from hub.units import Units


class NamedNumber(Settings, frozen=True, kw_only=True):
    """Whom agents reach outside: an office, who is on duty, a bank, another hotline."""

    title: Title
    number: Annotated[str, Meta(min_length=1, max_length=30)]
    position: Annotated[int, Meta(ge=0, le=10_000)] = 0
    is_active: bool = True


class NamedNumberView(msgspec.Struct, frozen=True, kw_only=True):
    """A number outside in force."""

    number_id: str
    version: int
    number: NamedNumber


class NamedNumbers:
    """What administrators do to the numbers outside."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self.definitions = Definitions("named_number", NamedNumber, units, audit)

    def all(self) -> list[NamedNumberView]:
        """Return every number in its order, those that are off too."""
        views = [
            NamedNumberView(number_id=number_id, version=version, number=one)
            for number_id, (version, one) in self.definitions.current.items()
        ]
        return sorted(views, key=lambda view: (view.number.position, view.number_id))

    async def save(
        self, identity: Identity, number_id: str, number: NamedNumber, *, remote: str = ""
    ) -> NamedNumberView:
        """Put a number in force."""
        try:
            plain = normalize(number.number, "tel").removeprefix("tel:")
        except ValueError as error:
            raise ApiError(422, "invalid", "not a telephone number", fields={"number": "not_a_number"}) from error
        version, saved = await self.definitions.save(
            identity, number_id, msgspec.structs.replace(number, number=plain), remote=remote
        )
        return NamedNumberView(number_id=number_id, version=version, number=saved)
