"""What is wrong with a setting can be said in every language: the form knows each phrase the hub may send."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from msgspec import Meta

from core.config import Secret, Settings, decode_settings
from core.errors import ConfigInvalid

WEB = Path(__file__).parents[2] / "web" / "src"


class Form(Settings, frozen=True, kw_only=True):
    at_least: Annotated[int, Meta(ge=1)] = 1
    at_most: Annotated[float, Meta(le=5)] = 1
    more_than: Annotated[float, Meta(gt=0)] | None = 1
    less_than: Annotated[int, Meta(lt=9)] = 1
    multiple: Annotated[int, Meta(multiple_of=60)] = 60
    long: Annotated[str, Meta(min_length=1)] = "a"
    short: Annotated[str, Meta(max_length=2)] | None = "a"
    shape: Annotated[str, Meta(pattern="^a$")] = "a"
    many: Annotated[tuple[int, ...], Meta(min_length=1)] = (1,)
    few: Annotated[dict[str, int], Meta(max_length=1)] = {}
    pair: tuple[int, int] = (1, 1)
    choice: Literal["a", "b"] = "a"
    switch: bool = True
    text: str = ""
    secret: Secret = Secret("")
    number: float = 0
    id: UUID | None = None
    must: int


WRONG: dict[str, Any] = {
    "at_least": 0, "at_most": 6, "more_than": 0, "less_than": 9, "multiple": 61, "long": "", "short": "abc",
    "shape": "b", "many": [], "few": {"a": 1, "b": 2}, "pair": [1], "choice": "c", "switch": "x", "text": 1,
    "secret": 1, "number": "x", "id": "x", "must": None, "odd": 1,
}  # fmt: skip
OTHER_TYPES: dict[str, Any] = {**dict.fromkeys(WRONG.keys() - {"text", "secret"}, "x"), "few": [], "text": None}
OTHER_TYPES |= {"shape": 1, "long": 2, "short": 3, "choice": 4, "id": 5}


@pytest.mark.parametrize("raw", [WRONG, {}, OTHER_TYPES], ids=["wrong", "missing", "other types"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_fault_has_its_words(raw: dict[str, Any], language: str) -> None:
    texts = json.loads((WEB / "i18n" / f"{language}.json").read_text("utf-8"))["fault"]
    phrases = json.loads((WEB / "components" / "admin" / "fault_phrases.json").read_text("utf-8"))
    with pytest.raises(ConfigInvalid) as caught:
        decode_settings(Form, raw)
    assert caught.value.faults.keys() >= raw.keys()
    for fault in caught.value.faults.values():
        codes = [code for pattern, code in phrases if re.search(pattern, fault)] or [fault.replace(" ", "_")]
        assert codes[0] in texts, fault
