"""``lianxin model …``: which models recognisers have, further ones, and which one serves a language."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hub.cli.run import DEFAULT_DATA
from hub.cli.terminal import Commands, say
from hub.i18n import terminal_text
from hub.model_store import ModelStore, Progress, Wanted

MIB: Final = 1_048_576


def add_to(commands: Commands) -> None:
    """Add the command and its own commands."""
    model = commands.add_parser("model", help=terminal_text("help.model"))
    actions = model.add_subparsers(required=True, metavar="ACTION")
    _add(actions, "list", _list)
    install = _add(actions, "install", _install)
    install.add_argument("source", help=terminal_text("help.model_source"))
    for option in ("name", "language", "licence", "sha256"):
        install.add_argument(f"--{option}", default="", help=terminal_text(f"help.model_its_{option}"))
    for word, do in (("use", _use), ("remove", _remove)):
        _add(actions, word, do).add_argument("name")


def _add(actions: Commands, name: str, do: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=terminal_text(f"help.model_{name}"))
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help=terminal_text("help.data"))
    parser.set_defaults(do=do)
    return parser


def _store(options: argparse.Namespace) -> ModelStore:
    return ModelStore(options.data / "models")


def _list(options: argparse.Namespace) -> int:
    for facts, is_used in _store(options).installed():
        mark = "*" if is_used else " "
        size = f"{facts.size_bytes / MIB:.0f} MiB"
        rate = f"{facts.rate_hz} Hz" if facts.rate_hz else "-"
        print(f"{mark} {facts.name:<32} {facts.language:<6} {facts.kind:<11} {rate:>9} {size:>10}  {facts.licence}")
    return 0


def _install(options: argparse.Namespace) -> int:
    wanted = Wanted(
        source=options.source,
        name=options.name,
        language=options.language,
        licence=options.licence,
        sha256=options.sha256,
    )
    facts = _store(options).install(wanted, _progress())
    say(terminal_text("model_installed", name=facts.name, spoken=facts.language, sha256=facts.sha256))
    return 0


def _use(options: argparse.Namespace) -> int:
    facts = _store(options).use(options.name)
    say(terminal_text("model_used", name=facts.name, spoken=facts.language))
    return 0


def _remove(options: argparse.Namespace) -> int:
    _store(options).remove(options.name)
    say(terminal_text("model_removed", name=options.name))
    return 0


def _progress() -> Progress:
    shown = -1

    def show(received: int, total: int) -> None:
        nonlocal shown
        step = received * 10 // total if total else received // (50 * MIB)
        if step != shown:
            shown = step
            say(terminal_text("model_fetching", received=received // MIB, total=total // MIB if total else "?"))

    return show
