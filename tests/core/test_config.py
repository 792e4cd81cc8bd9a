from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from msgspec import Meta

from core.config import Secret, Settings, decode_settings, plain_settings, settings_schema
from core.errors import ConfigInvalid

Port = Annotated[int, Meta(ge=1, le=65_535)]


class Server(Settings, frozen=True, kw_only=True):
    host: str
    port: Port = 25
    password: Secret = Secret("")


class Smtp(Settings, frozen=True, kw_only=True, tag_field="kind", tag="smtp"):
    host: Annotated[str, Meta(min_length=1)]
    password: Secret = Secret("")

    def __post_init__(self) -> None:
        if self.host == "x":
            raise ValueError("x is nowhere")


class Api(Settings, frozen=True, kw_only=True, tag_field="kind", tag="api"):
    token: Secret

    def __post_init__(self) -> None:
        if not self.token:
            raise ConfigInvalid({"token": "is empty"})


class Mail(Settings, frozen=True, kw_only=True):
    server: Server
    user: str
    password: Secret
    folder: Path = Path("inbox")
    retries: Annotated[int, Meta(ge=0)] = 3
    labels: tuple[str, ...] = ()
    backends: tuple[Smtp | Api, ...] = (Smtp(host="localhost", password=Secret("s3cret")),)
    by_town: dict[str, Smtp] = {}
    hosts: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None

    def __post_init__(self) -> None:
        if self.user == self.password.reveal():
            raise ValueError("the password is the user name")


GOOD: dict[str, Any] = {"server": {"host": "mail"}, "user": "anna", "password": "hunter2!"}

FAULTS = [
    ("missing", {}, {"server": "missing", "user": "missing", "password": "missing"}),
    ("unknown", {**GOOD, "usr": 1}, {"usr": "unknown setting"}),
    ("nested unknown", {**GOOD, "server": {"host": "m", "x": 1}}, {"server.x": "unknown setting"}),
    ("nested wrong", {**GOOD, "server": {"host": 5}}, {"server.host": "Expected `str`, got `int`"}),
    ("out of range", {**GOOD, "server": {"host": "m", "port": 0}}, {"server.port": "Expected `int` >= 1"}),
    ("secret", {**GOOD, "password": 5}, {"password": "Expected `str`"}),
    ("nested secret", {**GOOD, "server": {"host": "m", "password": []}}, {"server.password": "Expected `str`"}),
    ("in a list", {**GOOD, "labels": ["a", 1]}, {"labels[1]": "Expected `str`, got `int`"}),
    ("two in a list", {**GOOD, "labels": [2, 1]}, {
        "labels[0]": "Expected `str`, got `int`", "labels[1]": "Expected `str`, got `int`",
    }),
    ("in a map", {**GOOD, "by_town": {"b": {"host": ""}}}, {"by_town.b.host": "Expected `str` of length >= 1"}),
    ("in a tagged member", {**GOOD, "backends": [{"kind": "smtp", "host": "m"}, {"kind": "api", "token": 1}]}, {
        "backends[1].token": "Expected `str`",
    }),
    ("a member's own fault", {**GOOD, "backends": [{"kind": "api", "token": ""}]}, {"backends[0].token": "is empty"}),
    ("a member's own sentence", {**GOOD, "backends": [{"kind": "smtp", "host": "x"}]}, {"backends[0]": "x is nowhere"}),
    ("no such member", {**GOOD, "backends": [{"kind": "fax"}]}, {"backends[0].kind": "Invalid value 'fax'"}),
    ("no list", {**GOOD, "backends": "smtp"}, {"backends": "Expected `array`, got `str`"}),
    ("too short a list", {**GOOD, "hosts": []}, {"hosts": "Expected `array` of length >= 1"}),
    ("several fields", {**GOOD, "password": "anna"}, {"": "the password is the user name"}),
    ("three at once", {"server": {"host": "m"}, "user": 1, "retries": -1, "x": 0}, {
        "x": "unknown setting", "user": "Expected `str`, got `int`", "password": "missing",
        "retries": "Expected `int` >= 0",
    }),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "faults"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_every_bad_field_is_named_at_once(raw: dict[str, Any], faults: dict[str, str]) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        decode_settings(Mail, raw)
    assert caught.value.faults == faults


def test_good_settings_become_the_struct() -> None:
    mail = decode_settings(Mail, {**GOOD, "folder": "letters", "labels": ["a"]})
    assert mail == Mail(
        server=Server(host="mail"), user="anna", password=Secret("hunter2!"), folder=Path("letters"), labels=("a",)
    )


def test_what_is_written_down_is_read_back() -> None:
    mail = decode_settings(Mail, GOOD)
    assert decode_settings(Mail, plain_settings(mail, reveal=True)) == mail


def test_secrets_are_masked_unless_revealed() -> None:
    mail = decode_settings(Mail, GOOD)
    assert plain_settings(mail, reveal=False)["password"] == "***"
    assert plain_settings(mail, reveal=True)["password"] == "hunter2!"


@pytest.mark.parametrize("show", [str, repr, "{}".format, lambda secret: f"{[secret]}"])
def test_a_secret_never_prints(show) -> None:
    assert "hunter2!" not in show(Secret("hunter2!"))
    assert "hunter2!" not in show(decode_settings(Mail, GOOD))


def test_secrets_are_equal_by_value_and_false_when_empty() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert not Secret("")


def test_the_schema_accepts_what_the_struct_accepts_and_marks_secrets() -> None:
    schema = settings_schema(Mail)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid(GOOD)
    assert not validator.is_valid({**GOOD, "retries": -1})
    assert schema["$defs"]["Mail"]["properties"]["password"]["x-secret"]
    assert schema["$defs"]["Server"]["properties"]["password"]["x-secret"]


def test_a_setting_of_a_type_without_form_is_a_programming_error() -> None:
    class Odd(Settings, frozen=True, kw_only=True):
        when: msgspec.Raw | complex

    with pytest.raises((NotImplementedError, TypeError)):
        settings_schema(Odd)
