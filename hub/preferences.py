"""How each user likes the desk to look and behave, wherever they log in."""

from typing import Any, Final

import msgspec

from hub.accounts.identity import Identity
from hub.errors import ApiError
from hub.store.models import Preferences as Row
from hub.units import Units

MAX_BYTES: Final = 16_384


class PreferenceStore:
    """Keeps one object a user; what stands in it is the desk's own business."""

    def __init__(self, units: Units) -> None:
        self._units = units

    async def of(self, identity: Identity) -> dict[str, Any]:
        """Return a user's preferences, empty when they never chose any."""
        row = await Row.get_or_none(user_id=identity.user_id)
        return {} if row is None else row.settings

    async def save(self, identity: Identity, settings: dict[str, Any]) -> None:
        """Replace a user's preferences; 422 when they are too large."""
        if len(msgspec.json.encode(settings)) > MAX_BYTES:
            raise ApiError(422, "invalid", f"at most {MAX_BYTES} bytes", fields={"settings": "too_long"})
        async with self._units.open():
            await Row.update_or_create({"settings": settings}, user_id=identity.user_id)
