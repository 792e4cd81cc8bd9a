"""Carrier pigeons for Lianxin."""

from lianxin import hookimpl
from pigeon.adapter import PigeonChannel


@hookimpl
def channel_type() -> type[PigeonChannel]:
    """Tell the host what to run."""
    return PigeonChannel
