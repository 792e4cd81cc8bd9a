"""A channel that breaks in the way its setting says."""

from core.hookspecs import hookimpl
from faulty.adapter import Faulty


@hookimpl
def channel_type() -> type[Faulty]:
    return Faulty
