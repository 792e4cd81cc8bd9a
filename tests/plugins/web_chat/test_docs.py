"""The written protocol and the settings page say what the code does."""

import re
from pathlib import Path
from typing import get_args

import msgspec

from plugins.web_chat import wire
from plugins.web_chat.config import WebChatConfig
from plugins.web_chat.sockets import CloseCode

ROOT = Path(__file__).parents[3]
PROTOCOL = (ROOT / "docs" / "plugins" / "web_chat.md").read_text("utf-8")
README = (ROOT / "plugins" / "web_chat" / "README.md").read_text("utf-8")


def test_every_frame_and_every_field_of_it_is_written_down() -> None:
    for frame in (*get_args(wire.ClientFrame), *get_args(wire.ServerFrame)):
        kind = frame.__struct_config__.tag
        assert f"`{kind}`" in PROTOCOL or f'"type": "{kind}"' in PROTOCOL, kind
        for field in msgspec.structs.fields(frame):
            assert re.search(rf"[`\"]{field.encode_name}[`\"]", PROTOCOL), f"{kind}.{field.encode_name}"


def test_every_close_code_is_written_down() -> None:
    for code in CloseCode:
        assert str(code.value) in PROTOCOL


def test_the_operators_page_explains_every_setting_and_no_other() -> None:
    table = README.partition("## 设置")[2].partition("## 保护")[0]
    explained = {name for row in table.splitlines() if row.startswith("| `") for name in _names(row)}
    assert explained == {field.name for field in msgspec.structs.fields(WebChatConfig)}


def _names(row: str) -> list[str]:
    return re.findall(r"`(\w+)`", row.split("|")[1])
