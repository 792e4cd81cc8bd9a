"""What a plugin says of itself in plugin.toml, read without importing its code."""

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from core.errors import ManifestInvalid

API: Final = 1  # plugins written for another number are refused
FILE_NAME: Final = "plugin.toml"

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
Reaches = Literal["anyone", "known", "present"]
Capability = Literal[
    "reports_typing", "shows_typing", "marks_read", "serves_http", "carries_calls", "taps_calls", "finds_sent"
]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One plugin; ``title`` by language, ``capabilities`` match the ability classes its channel inherits.

    ``reaches`` says whom an instance can write to first: ``anyone`` with an address of the scheme (telephone, email),
    those ``known`` to it because they wrote before, or nobody who is not ``present`` (a chat on a page).
    ``public_settings`` are texts at the top of an instance's settings that every agent may see.
    """

    name: Name
    kind: Literal["channel", "transcriber", "synthesizer"]
    title: dict[str, str]
    api: int
    code_owners: tuple[str, ...]
    quality: Literal["bronze", "silver", "gold"]
    version: str = "0"
    address_scheme: Annotated[str, Meta(pattern="^[a-z][a-z0-9+.-]{0,15}$")] | None = None
    capabilities: tuple[Capability, ...] = ()
    memory_mib: Annotated[int, Meta(ge=32, le=65_536)] | None = None  # what its process needs, if more than usual
    uses: tuple[Literal["phone_engine"], ...] = ()  # what the supervisor runs for it and tells it how to reach
    reaches: Reaches = "known"
    public_settings: tuple[str, ...] = ()


def read_manifest(path: Path) -> Manifest:
    """Return the manifest in file ``path``; ManifestInvalid naming the file and what is wrong."""
    try:
        manifest = msgspec.convert(tomllib.loads(path.read_text("utf-8")), type=Manifest)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ManifestInvalid(f"{path}: {error}") from error
    if manifest.api != API:
        raise ManifestInvalid(f"{path}: written for plugin API {manifest.api}, this hub speaks {API}")
    if manifest.kind == "channel" and manifest.address_scheme is None:
        raise ManifestInvalid(f"{path}: a channel needs an address_scheme")
    if not {"zh", "en"} <= manifest.title.keys():
        raise ManifestInvalid(f"{path}: title needs zh and en")
    return manifest
