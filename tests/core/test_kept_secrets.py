"""Secrets stay hidden and stay what they were, wherever in the settings they lie."""

from typing import Any

import pytest

from core.config import Secret, Settings, settings_schema
from core.errors import ConfigInvalid
from core.kept_secrets import KeptSecrets


class Smtp(Settings, frozen=True, kw_only=True, tag_field="kind", tag="smtp"):
    host: str
    password: Secret = Secret("")


class Api(Settings, frozen=True, kw_only=True, tag_field="kind", tag="api"):
    password: Secret


class Mailbox(Settings, frozen=True, kw_only=True):
    name: str = ""
    host: str = ""
    password: Secret = Secret("")
    sends_by: Smtp | Api | None = None


class Config(Settings, frozen=True, kw_only=True):
    key: Secret | None = None
    mailboxes: tuple[Mailbox, ...] = ()
    by_town: dict[str, Mailbox] = {}
    tokens: tuple[Secret, ...] = ()
    note: str = ""


SECRETS = KeptSecrets(settings_schema(Config))


def box(name: str = "", password: str = "***", **more: Any) -> dict[str, Any]:
    return {"name": name, "password": password, **more}


def test_secrets_are_masked_at_every_depth() -> None:
    settings = {
        "key": "a",
        "mailboxes": [box("x", "b", sends_by={"kind": "api", "password": "c"}), box("y", "")],
        "by_town": {"z": box("z", "d", sends_by={"kind": "smtp", "host": "h", "password": "e"})},
        "tokens": ["f", "g"],
        "note": "nothing",
    }
    assert SECRETS.mask(settings) == {
        "key": "***",
        "mailboxes": [box("x", sends_by={"kind": "api", "password": "***"}), box("y", "")],
        "by_town": {"z": box("z", sends_by={"kind": "smtp", "host": "h", "password": "***"})},
        "tokens": ["***", "***"],
        "note": "nothing",
    }
    assert SECRETS.restore(SECRETS.mask(settings), settings) == settings


def test_a_member_of_unknown_kind_is_masked_as_if_it_were_any() -> None:
    assert SECRETS.mask({"mailboxes": [{"sends_by": {"password": "a"}}]}) == {
        "mailboxes": [{"sends_by": {"password": "***"}}]
    }


KEPT: list[tuple[str, list[Any], list[Any], list[str]]] = [
    ("found by name", [box("a", "1"), box("b", "2")], [box("b"), box("a")], ["2", "1"]),
    ("one removed", [box("a", "1"), box("b", "2")], [box("b")], ["2"]),
    ("one added", [box("a", "1")], [box("b", "new"), box("a")], ["new", "1"]),
    ("renamed", [box("a", "1"), box("b", "2")], [box("a"), box("c")], ["1", "2"]),
    ("entered anew", [box("a", "1"), box("b", "2")], [box("a", "3"), box("b")], ["3", "2"]),
    ("nameless, moved", [box(host="p", password="1"), box(host="q", password="2")],
     [box(host="q"), box(host="p")], ["2", "1"]),
    ("nameless, edited", [box(host="p", password="1"), box(host="q", password="2")],
     [box(host="p"), box(host="r")], ["1", "2"]),
    ("nameless twins", [box(password="1"), box(password="2")], [box(), box()], ["1", "2"]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "passwords"), [one[1:] for one in KEPT], ids=[one[0] for one in KEPT])
def test_a_masked_secret_stays_with_its_item(before: list[Any], after: list[Any], passwords: list[str]) -> None:
    kept = SECRETS.restore({"mailboxes": after}, {"mailboxes": before})
    assert [one["password"] for one in kept["mailboxes"]] == passwords


UNSURE: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (
        "one removed and one edited",
        {"mailboxes": [box(host="p", password="1"), box(host="q", password="2")]},
        {"mailboxes": [box(host="r")]},
        "mailboxes[0].password",
    ),
    (
        "another kind of thing",
        {"mailboxes": [box("a", sends_by={"kind": "smtp", "host": "h", "password": "1"})]},
        {"mailboxes": [box("a", "", sends_by={"kind": "api", "password": "***"})]},
        "mailboxes[0].sends_by.password",
    ),
    ("one of several", {"tokens": ["1", "2"]}, {"tokens": ["***"]}, "tokens[0]"),
    ("never set", {}, {"key": "***"}, "key"),
]


@pytest.mark.parametrize(("before", "after", "path"), [one[1:] for one in UNSURE], ids=[one[0] for one in UNSURE])
def test_a_secret_is_asked_for_again_rather_than_given_to_another(
    before: dict[str, Any], after: dict[str, Any], path: str
) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        SECRETS.restore(after, before)
    assert caught.value.faults == {path: "enter it again"}
