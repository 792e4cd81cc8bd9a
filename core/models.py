"""Models of recognisers that lie in the data directory: what each is, and which one serves a language.

``<data>/models/<name>/`` holds a model's own files and ``lianxin-model.json``; ``<data>/models/in-use.json`` names
the model of each language by its kind. The command ``lianxin model`` writes both, plugins read them.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

FACTS: Final = "lianxin-model.json"
IN_USE: Final = "in-use.json"

ModelName = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,79}\Z")]
ModelKind = Literal["vosk", "punctuation"]


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One installed model; ``source`` is where it came from, ``sha256`` that file's."""

    name: ModelName
    kind: ModelKind
    language: str
    rate_hz: int = 16_000  # 0 of one that reads text
    licence: str = ""
    source: str = ""
    sha256: str = ""
    size_bytes: int = 0


def installed_models(folder: Path) -> list[ModelFacts]:
    """Return the models in ``folder``; what is no whole model is left out."""
    found = []
    for path in sorted(folder.glob(f"*/{FACTS}")):
        try:
            facts = msgspec.json.decode(path.read_bytes(), type=ModelFacts)
        except (OSError, msgspec.MsgspecError):
            continue
        if facts.name == path.parent.name:
            found.append(facts)
    return found


def models_in_use(folder: Path, kind: ModelKind) -> dict[str, str]:
    """Return the name of the model in use by language; the first language is the usual one."""
    try:
        by_kind = msgspec.json.decode((folder / IN_USE).read_bytes(), type=dict[ModelKind, dict[str, ModelName]])
    except (OSError, msgspec.MsgspecError):
        return {}
    return by_kind.get(kind, {})
