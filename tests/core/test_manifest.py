from pathlib import Path

import pytest

from core.errors import ManifestInvalid
from core.manifest import FILE_NAME, read_manifest

GOOD = """
name = "pigeon"
kind = "channel"
title = { zh = "信鸽", en = "Carrier pigeon" }
api = 1
address_scheme = "pigeon"
capabilities = ["finds_sent"]
code_owners = ["@loft-keeper"]
quality = "silver"
"""

FAULTS = [
    ("not TOML", "name =", "Invalid value"),
    ("a name that is no module", GOOD.replace('"pigeon"\nkind', '"Pigeon-2"\nkind'), "name"),
    ("an unknown kind", GOOD.replace('"channel"', '"chanel"'), "kind"),
    ("another API", GOOD.replace("api = 1", "api = 2"), "plugin API 2, this hub speaks 1"),
    ("a channel without addresses", GOOD.replace('address_scheme = "pigeon"\n', ""), "needs an address_scheme"),
    ("one language only", GOOD.replace('zh = "信鸽", ', ""), "title needs zh and en"),
    ("an invented capability", GOOD.replace("finds_sent", "flies"), "capabilities"),
    ("a field too many", GOOD + 'colour = "grey"\n', "colour"),
]


def write(folder: Path, text: str) -> Path:
    path = folder / FILE_NAME
    path.write_text(text, "utf-8")
    return path


def test_a_manifest_is_read(tmp_path: Path) -> None:
    manifest = read_manifest(write(tmp_path, GOOD))
    assert (manifest.name, manifest.title["zh"], manifest.capabilities) == ("pigeon", "信鸽", ("finds_sent",))


@pytest.mark.parametrize(("text", "words"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_fault_is_named_with_its_file(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ManifestInvalid) as caught:
        read_manifest(write(tmp_path, text))
    assert FILE_NAME in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize("raw", [b"\xff\xfe", None], ids=["not UTF-8", "not there"])
def test_what_cannot_be_read_is_a_fault_too(tmp_path: Path, raw: bytes | None) -> None:
    path = tmp_path / FILE_NAME
    if raw is not None:
        path.write_bytes(raw)
    with pytest.raises(ManifestInvalid, match=FILE_NAME):
        read_manifest(path)
