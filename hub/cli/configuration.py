"""``lianxin config export|diff|apply``: the whole configuration as one file, through the running hub."""

import argparse
import sys
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from core.bus import Bus, BusSettings
from core.errors import ConfigInvalid, RequestFailed
from core.events import ConfigurationAnswer, ConfigurationRequest
from core.subjects import ASK_CONFIGURATION
from hub.cli.run import DEFAULT_DATA
from hub.cli.terminal import Commands, run_loop, say
from hub.configuration.console import pack, unpack
from hub.configuration.document import Change
from hub.i18n import terminal_text
from hub.supervisor.data_dir import DataDir

LIMIT_S: Final = 120.0  # thousands of new accounts, each with a password to hash
DIFFERS: Final = 2  # exit status of a diff that found something; 1 is an error
STANDARD: Final = Path("-")


def add_to(commands: Commands) -> None:
    """Add the command and its own commands."""
    config = commands.add_parser("config", help=terminal_text("help.config"))
    actions = config.add_subparsers(required=True, metavar="ACTION")
    for name, do in (("export", _export), ("diff", _diff), ("apply", _apply)):
        action = actions.add_parser(name, help=terminal_text(f"help.config_{name}"))
        may_miss = "?" if name == "export" else None
        action.add_argument("file", type=Path, nargs=may_miss, default=STANDARD, help=terminal_text("help.config_file"))
        action.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help=terminal_text("help.data"))
        action.set_defaults(do=do)


def _export(options: argparse.Namespace) -> int:
    configuration = run_loop(_ask(DataDir(options.data), ConfigurationRequest(action="export")))
    text = msgspec.json.format(msgspec.json.encode(configuration), indent=2) + b"\n"
    if options.file == STANDARD:
        sys.stdout.buffer.write(text)
        sys.stdout.flush()
        return 0
    try:
        options.file.write_bytes(text)
    except OSError as error:
        raise RequestFailed("not_written", f"{options.file}: {error.strerror}") from error
    say(terminal_text("config_exported", file=options.file))
    return 0


def _diff(options: argparse.Namespace) -> int:
    changes = _changes(options, "preview", _read(options.file))
    _show(changes)
    return DIFFERS if changes else 0


def _apply(options: argparse.Namespace) -> int:
    raw = _read(options.file)
    say(terminal_text("config_checking"))
    changes = _changes(options, "preview", raw)
    _show(changes)
    if changes:
        say(terminal_text("config_applying", count=len(changes)))
        say(terminal_text("config_applied", count=len(_changes(options, "apply", raw))))
    return 0


def _read(path: Path) -> Any:
    try:
        text = sys.stdin.buffer.read() if path == STANDARD else path.read_bytes()
    except OSError as error:
        raise RequestFailed("not_read", f"{path}: {error.strerror}") from error
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestFailed("not_json", terminal_text("config_not_json", file=path, fault=error)) from error


def _changes(options: argparse.Namespace, action: Literal["preview", "apply"], raw: Any) -> list[Change]:
    question = ConfigurationRequest(action=action, packed=pack(raw))
    return msgspec.convert(run_loop(_ask(DataDir(options.data), question)), list[Change])


def _show(changes: list[Change]) -> None:
    for change in changes:
        say(f"{'+' if change.is_new else '~'} {change.section}/{change.id}", plain=True)
        for field in change.fields:
            before = "" if change.is_new else f"{field.before or '-'} → "
            say(f"    {field.path}: {before}{field.after or '-'}", plain=True)
        if not (change.fields or change.is_new):
            say(f"    {terminal_text('config_secrets')}", plain=True)
    if not changes:
        say(terminal_text("config_same"))


async def _ask(data: DataDir, question: ConfigurationRequest) -> Any:
    """Return what the running hub answers, unpacked; ConfigInvalid with every fault of the file."""
    running = data.running()
    if running is None:
        raise RequestFailed("not_running", terminal_text("config_not_running", folder=data.path))
    settings = BusSettings(
        url=running.nats_url,
        seed=data.keys.seed("supervisor"),
        inbox_prefix="_INBOX.cli",
        connect_timeout_s=20.0,
    )
    async with await Bus.connect(settings, source="cli") as bus:
        answer = await bus.request(ASK_CONFIGURATION, question, reply=ConfigurationAnswer, timeout_s=LIMIT_S)
    if answer.faults:
        raise ConfigInvalid(answer.faults)
    return unpack(answer.packed)
