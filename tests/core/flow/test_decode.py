"""Reading flows from JSON that people wrote, and showing what flows say in a chat."""

import msgspec
import pytest

from core.errors import ConfigInvalid
from core.events import Choice
from core.flow import Flow, Say, decode_flow, encode_flow, render


def test_a_flow_survives_being_written_and_read(hotline: Flow) -> None:
    assert decode_flow(encode_flow(hotline)) == hotline


def test_all_structural_faults_are_named_at_once() -> None:
    raw = {
        "name": "Bad Name",
        "start": "a",
        "colour": "red",
        "nodes": {
            "a": {"step": "say", "text": {"zh": 1}, "gotoo": "b"},
            "b": {"step": "fly"},
            "c": {"step": "menu", "text": {}, "retries": 99, "choices": [{"key": "12345", "label": {}, "goto": "a"}]},
            "D!": {"step": "end"},
        },
    }
    with pytest.raises(ConfigInvalid) as caught:
        decode_flow(msgspec.json.encode(raw))
    assert set(caught.value.faults) == {
        "name",
        "colour",
        "nodes.a.text.zh",
        "nodes.a.goto",
        "nodes.a.gotoo",
        "nodes.b.step",
        "nodes.c.retries",
        "nodes.c.choices[0].key",
        "nodes.D!",
    }


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b" " * 2_000_001, b'{"nodes": {}}', b'{"name": "\\ud800"}'],
    ids=["nothing", "cut", "list", "null", "no UTF-8", "deep", "large", "no nodes", "half a pair"],
)
def test_what_is_no_flow_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigInvalid):
        decode_flow(data)


def test_more_nodes_than_allowed_are_refused() -> None:
    nodes = {f"n{index}": {"step": "end"} for index in range(2_001)}
    with pytest.raises(ConfigInvalid, match="nodes"):
        decode_flow(msgspec.json.encode({"name": "big", "start": "n0", "nodes": nodes}))


MENU = Say(text="请选择", choices=(Choice(key="1", label="社保"), Choice(key="0", label="人工")))


@pytest.mark.parametrize(
    ("max_buttons", "max_label_chars", "rendered"),
    [
        (3, 20, ("请选择", MENU.choices)),
        (1, 20, ("请选择\n1. 社保\n0. 人工", ())),
        (3, 1, ("请选择\n1. 社保\n0. 人工", ())),
        (0, 20, ("请选择\n1. 社保\n0. 人工", ())),
    ],
    ids=["all fit", "too many", "too long", "no buttons"],
)
def test_choices_become_buttons_or_numbered_lines(
    max_buttons: int, max_label_chars: int, rendered: tuple[str, tuple[Choice, ...]]
) -> None:
    assert render(MENU, max_buttons=max_buttons, max_label_chars=max_label_chars) == rendered
