"""What people read comes from catalogues, complete in both languages, and never from the middle of the code."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from hub.accounts.permissions import PERMISSIONS

CHINESE = re.compile(r"[\u4e00-\u9fff]")
SCREEN_TEXT = re.compile(r"""(?<![\w.])\$?t\(\s*(['"])([\w.]+)\1""")
NOT_SHOWN = (  # words that people may write to us, and made-up data
    "core/numerals.py",
    "hub/calls/reading.py",
    "plugins/tts/",
    "plugins/asr/",
    "hub/transcripts/masking.py",
    "hub/transcripts/ordering.py",
    "core/flow/answers.py",
    "core/flow/matching.py",
    "core/flow/steps.py",
    "core/testing/",
    "hub/demo/",
    "hub/knowledge/search/",
    "hub/outreach/settings.py",
    "hub/conversing/mails.py",
    "plugins/email/automatic.py",
    "plugins/email/bounces.py",
    "plugins/email/charsets.py",
    "plugins/email/quotes.py",
    "plugins/email/wire.py",
    "hub/first_setup.py",  # data in both languages, to be changed by operators
)
COMMENT = re.compile(r"/\*.*?\*/|<!--.*?-->|(?<!:)//[^\n]*", re.DOTALL)


def catalogues(root: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Return every catalogue of the tree: its place → language → key → text."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for zh in [*root.glob("hub/**/zh.json"), *root.glob("web/src/**/zh.json"), *root.glob("web/widget/**/zh.json")]:
        languages = {language: zh.with_name(f"{language}.json") for language in ("zh", "en")}
        found[str(zh.parent.relative_to(root))] = {
            language: dict(_flat(json.loads(path.read_text("utf-8")))) for language, path in languages.items()
        }
    for path in [root / "core/texts.py", *root.glob("plugins/*/texts.py")]:
        found[str(path.relative_to(root))] = _literal(path)
    return found


def test_both_languages_say_the_same(root: Path) -> None:
    faults = []
    for place, texts in catalogues(root).items():
        for key in sorted(texts["zh"].keys() | texts["en"].keys()):
            zh, en = texts["zh"].get(key), texts["en"].get(key)
            if not zh or not en:
                faults.append(f"{place}: {key} is missing in {'en' if zh else 'zh'}")
            elif _placeholders(zh) != _placeholders(en):
                faults.append(f"{place}: {key} has {_placeholders(zh)} in zh and {_placeholders(en)} in en")
    assert faults == []


def test_every_permission_has_its_words(root: Path) -> None:
    texts = catalogues(root)["web/src/i18n/admin"]["zh"]
    keys = {f"permission.{one.replace('.', '_', 1)}" for one in PERMISSIONS}
    keys |= {f"permission_group.{one.partition('.')[0]}" for one in PERMISSIONS}
    assert keys - texts.keys() == set()


def test_texts_on_screen_are_in_the_catalogue(root: Path) -> None:
    found = catalogues(root)
    if "web/src/i18n" not in found:
        pytest.skip("no front end in this tree")
    texts = found["web/src/i18n"]["zh"].keys() | found["web/src/i18n/admin"]["zh"].keys()
    missing = {
        f"{path.relative_to(root)}: {match[2]}"
        for path in _front_end(root)
        for match in SCREEN_TEXT.finditer(path.read_text("utf-8"))
        if match[2] not in texts
    }
    assert sorted(missing) == []


def test_python_code_holds_chinese_only_where_it_says_so(modules: list[Path], root: Path) -> None:
    strays = []
    for path in modules:
        place = path.relative_to(root).as_posix()
        if path.name != "texts.py" and not place.startswith(NOT_SHOWN):
            strays += [f"{place}:{line} {text}" for line, text in _strays(ast.parse(path.read_text("utf-8")))]
    assert strays == []


def test_the_front_end_holds_no_chinese_outside_its_catalogues(root: Path) -> None:
    strays = [
        f"{path.relative_to(root)}: {line.strip()}"
        for path in _front_end(root)
        for line in COMMENT.sub("", path.read_text("utf-8")).splitlines()
        if CHINESE.search(line)
    ]
    assert strays == []


@pytest.mark.parametrize(
    ("code", "is_stray"),
    [
        ('"""你好"""\n', False),
        ('raise ValueError("你好")', True),
        ('title = {"zh": "你好", "en": "hello"}', False),
        ('title = {"zh": "你好"}', True),
        ('title_zh: str = "你好"', False),
        ('title: str = "你好"', True),
    ],
)
def test_a_stray_text_is_told_from_one_that_names_its_language(code: str, is_stray: bool) -> None:
    assert bool(list(_strays(ast.parse(code)))) is is_stray


def _front_end(root: Path) -> Iterator[Path]:
    for folder in ("web/src", "web/widget"):
        for path in (root / folder).rglob("*"):
            if path.suffix in {".ts", ".js", ".vue"} and not path.stem.endswith((".test", "texts")):
                yield path


def _strays(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the Chinese strings that neither document, nor stand beside an English twin, nor are named ``…_zh``."""
    excused: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant() as documentation):
                excused.add(id(documentation))
            case ast.Dict(keys=keys) if {"zh", "en"} <= {key.value for key in keys if isinstance(key, ast.Constant)}:
                excused.update(id(child) for child in ast.walk(node))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant() as value) if name.endswith("_zh"):
                excused.add(id(value))
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in excused and CHINESE.search(text):
                yield node.lineno, text


def _literal(path: Path) -> Any:
    """Return the first dictionary with a ``zh`` that is written down in ``path``."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Dict) and "zh" in {key.value for key in node.keys if isinstance(key, ast.Constant)}:
            return ast.literal_eval(node)
    raise AssertionError(f"no catalogue in {path}")


def _flat(texts: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
