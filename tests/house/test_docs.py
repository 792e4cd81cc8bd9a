"""The reference pages say what the code does, no more and no less."""

import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from core import hookspecs, streams, subjects
from core.config import Secret, Settings, decode_settings
from core.events import Envelope, event_types
from core.events.routing import AgentStateName, WorkMode
from core.ids import TOKEN
from hub.engine.settings import EngineSettings
from hub.settings import HubSettings

GRAMMAR = re.compile(
    r"hub\.[a-z]+\.(?:\{id\}|main)\.(cmd\.[a-z_]+|ask\.[a-z_]+|[a-z_]+\.(read|sent|made|moved|ended|parked|[a-z_]+ed))"
)
HOOK = re.compile(r"^## `(\w+)\((.*)\)`$", re.MULTILINE)


def tables(page: Path) -> dict[str, list[tuple[str, ...]]]:
    """Return the rows of each table on ``page`` by the first word of its header, back-quotes removed."""
    found: dict[str, list[tuple[str, ...]]] = {}
    rows: list[tuple[str, ...]] | None = None
    for line in page.read_text("utf-8").splitlines():
        if not line.startswith("| "):
            rows = None
            continue
        cells = tuple(cell.strip().replace("`", "") for cell in line.strip("|").split("|"))
        if rows is None:
            rows = found.setdefault(cells[0], [])
        elif set(cells[0]) != {"-"}:
            rows.append(cells)
    return found


@pytest.fixture(scope="module")
def on_the_bus(root: Path) -> dict[str, list[tuple[str, ...]]]:
    return tables(root / "docs/subjects.md")


def test_every_event_has_its_row(on_the_bus: dict[str, list[tuple[str, ...]]]) -> None:
    patterns = {event.type: pattern for event, pattern in subjects.PATTERNS.items()}
    expected = {
        (word, event.__name__, patterns.get(word, "–"), _stream_of(patterns.get(word, "")))
        for word, event in event_types().items()
    }
    assert {row[:4] for row in on_the_bus["type"]} == expected


def test_every_question_has_its_row(on_the_bus: dict[str, list[tuple[str, ...]]]) -> None:
    assert [row[0] for row in on_the_bus["subject"]] == list(subjects.QUESTIONS)


def test_every_stream_has_its_row(on_the_bus: dict[str, list[tuple[str, ...]]]) -> None:
    expected = [(stream.name, ", ".join(stream.subjects), _kept(stream)) for stream in streams.STREAMS]
    assert on_the_bus["stream"] == expected


def test_every_bucket_has_its_row(on_the_bus: dict[str, list[tuple[str, ...]]]) -> None:
    expected = [(bucket.name, _days(bucket.ttl_s) or "always") for bucket in streams.BUCKETS]
    assert [row[:2] for row in on_the_bus["bucket"]] == expected


def test_every_field_of_the_envelope_has_its_row(on_the_bus: dict[str, list[tuple[str, ...]]]) -> None:
    fields = [field.name for field in msgspec.structs.fields(Envelope)]
    assert sorted(row[0] for row in on_the_bus["field"]) == sorted(fields)


def test_every_subject_follows_the_grammar() -> None:
    patterns = [*subjects.PATTERNS.values(), *subjects.QUESTIONS, subjects.DEAD_LETTER]
    assert [pattern for pattern in patterns if not GRAMMAR.fullmatch(pattern)] == []
    assert all(TOKEN.fullmatch(token) for pattern in patterns for token in pattern.replace("{id}", "x").split("."))


def test_every_hook_has_its_section(root: Path) -> None:
    marked = {
        name: ", ".join(inspect.signature(hook).parameters)
        for name, hook in vars(hookspecs).items()
        if hasattr(hook, f"{hookspecs.PROJECT}_spec")
    }
    assert marked
    assert dict(HOOK.findall((root / "docs/hooks.md").read_text("utf-8"))) == marked


def test_every_setting_has_its_row_with_its_default(root: Path) -> None:
    assert {row[:2] for row in tables(root / "docs/settings.md")["setting"]} == set(_settings(HubSettings))


def test_every_setting_of_the_phone_engine_has_its_row_with_its_default(root: Path) -> None:
    rows = {row[:2] for row in tables(root / "docs/engine.md")["setting"]}
    assert rows == set(_settings(EngineSettings, "engine."))


def test_the_example_of_a_settings_file_is_accepted(root: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (root / "docs/settings.md").read_text("utf-8"), re.DOTALL)
    settings = decode_settings(
        HubSettings, {"data_dir": "/var/lib/lianxin", "nats": {"url": ""}, **tomllib.loads(example)}
    )
    assert settings.http.port == 8443


def _stream_of(pattern: str) -> str:
    tokens = pattern.split(".")
    names = [stream.name for stream in streams.STREAMS if any(_covers(subject, tokens) for subject in stream.subjects)]
    return ", ".join(names) or "–"


def _covers(subject: str, tokens: list[str]) -> bool:
    parts = subject.split(".")
    return len(parts) == len(tokens) and all(part in ("*", token) for part, token in zip(parts, tokens, strict=True))


def _kept(stream: streams.Stream) -> str:
    if stream.is_work_queue:
        return "until acknowledged"
    if stream.max_per_subject == 1:
        return "the last of each subject"
    return _days(stream.max_age_s) or "always"


def _days(seconds: float) -> str:
    return f"{seconds / streams.DAY_S:g} days" if seconds else ""


def _settings(kind: type[Settings], prefix: str = "") -> Iterator[tuple[str, str]]:
    for field in msgspec.structs.fields(kind):
        name = prefix + field.name
        if isinstance(field.type, type) and issubclass(field.type, Settings):
            yield from _settings(field.type, f"{name}.")
        elif field.required:
            yield name, "required"
        else:
            default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
            default = default.reveal() if isinstance(default, Secret) else default
            yield name, msgspec.json.encode(default).decode()


@pytest.mark.parametrize(("word", "values"), [("agent state", AgentStateName), ("work mode", WorkMode)])
def test_the_glossary_names_what_the_code_knows(root: Path, word: str, values: object) -> None:
    rows = {row[0]: row[2] for row in tables(root / "docs/glossary.md")["word"]}
    assert set(re.findall(r"\b[a-z]+_[a-z]+\b|\b[a-z]{4,}\b", rows[word])) >= set(get_args(values))


def test_each_word_of_the_glossary_stands_once_with_its_chinese(root: Path) -> None:
    rows = tables(root / "docs/glossary.md")["word"]
    assert len({row[0] for row in rows}) == len(rows) > 50
    assert [row[0] for row in rows if not re.search(r"[\u4e00-\u9fff]", row[1])] == []
