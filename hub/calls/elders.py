"""Whom no machine keeps: callers of an age, and the owners of one-key devices."""

from typing import Final

from hub.store.models import Contact
from hub.units import Unit

ELDER_AGE: Final = 65
ELDER_TAG: Final = "elder"  # set by agents, and on the owners of one-key devices
ELDER_PRIORITY: Final = 50  # steps: ahead of everybody who came within the last hour


def is_elder(contact: Contact, unit: Unit) -> bool:
    """Whether somebody is never sent through a menu."""
    is_old = contact.birth_year is not None and unit.now.year - contact.birth_year >= ELDER_AGE
    return is_old or ELDER_TAG in contact.tags
