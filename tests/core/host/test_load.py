"""What the host refuses to run."""

import msgspec
import pytest

from core.host.load import disagreements, load_channel
from tests.core.host.conftest import Box


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (("name",), []),
        (("name", "key"), ["public setting 'key' is no text"]),
        (("nickname",), ["public setting 'nickname' is no text"]),
    ],
    ids=["a text", "a secret", "no setting at all"],
)
def test_only_plain_texts_may_be_public_settings(names: tuple[str, ...], fault: list[str]) -> None:
    _, manifest = load_channel("plugins.sms")
    manifest = msgspec.structs.replace(manifest, capabilities=(), public_settings=names)
    assert disagreements(Box, manifest) == fault
