"""Ids that operators choose, such as a queue's or a code's."""

from core.errors import ConfigInvalid
from core.ids import check_token


def check_slug(field: str, value: str) -> None:
    """Raise ConfigInvalid about ``field`` unless ``value`` may be an id: 1 to 64 of a-z, 0-9, ``_`` and ``-``."""
    try:
        check_token(value)
    except ValueError as error:
        raise ConfigInvalid({field: "bad id"}) from error
