"""Writes down in the engine what was begun with a leg, for whoever comes after us."""

from contextlib import suppress

import msgspec

from plugins.voice import marks
from plugins.voice.ari import Ari, Conflict, Gone
from plugins.voice.reconcile import Leg


async def note(ari: Ari, leg: Leg, **changes: object) -> None:
    """Change the mark of a leg, here and in the engine."""
    leg.mark = msgspec.structs.replace(leg.mark, **changes)
    with suppress(Gone, Conflict):  # nobody will ask about a channel that is gone
        await ari.set_variable(leg.channel_id, marks.VARIABLE, leg.mark.encode())
