"""The configuration as one file, as far as the command line asks about it."""

from typing import Literal

import msgspec


class ConfigurationRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Question: the file, what one would change, or to apply one; ``packed`` is JSON compressed by zlib."""

    action: Literal["export", "preview", "apply"]
    packed: bytes = b""


class ConfigurationAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer: the file or the list of changes, packed likewise; ``faults`` say by path why there is none."""

    packed: bytes = b""
    faults: dict[str, str] = {}
