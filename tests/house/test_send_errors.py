"""Agents read in words why a message was not sent: every code that a channel gives for it has its words."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugins.email import bounces
from plugins.telegram import errors as telegram
from plugins.wechat import errors as wechat
from plugins.wechat import kf_wire

ERRORS = {"SendRejected", "SendDeferred", "SendUnknown"}
TABLES = {  # of the codes that stand for the far ends' own
    *bounces._KNOWN.values(),
    *bounces._SIGNS,
    *(code for _, code in (*telegram._FORBIDDEN, *telegram._BAD_REQUEST)),
    *(code for code, _ in wechat._DEFERRED.values()),
    *wechat._REJECTED.values(),
    *kf_wire._FAILURES.values(),
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_reason_why_a_message_was_not_sent_has_its_words(root: Path, language: str) -> None:
    words = json.loads((root / "web" / "src" / "i18n" / f"{language}.json").read_text("utf-8"))["send_error"]
    raised = {code for path in (*root.glob("core/**/*.py"), *root.glob("plugins/**/*.py")) for code in _raised(path)}
    assert "throttled" in raised
    assert (raised | TABLES | {"bounced", "undelivered"}) - words.keys() == set()


def _raised(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(code)), *_]) if name in ERRORS:
                yield code
