"""``lianxin backup`` and ``lianxin restore``, with the hub running or not."""

import argparse
import getpass
import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Final

from core.clock import SystemClock
from core.errors import RequestFailed
from hub.backup.restoring import restore_backup
from hub.backup.writing import Source, write_backup
from hub.cli.run import DEFAULT_DATA
from hub.cli.terminal import Commands, say
from hub.i18n import terminal_text
from hub.settings import backup_folder, default_database, store_url
from hub.store.address import locate
from hub.supervisor.settings import read_settings

CODE_VARIABLE: Final = "LIANXIN_RECOVERY_CODE"


def add_to(commands: Commands) -> None:
    """Add both commands."""
    backup = commands.add_parser("backup", help=terminal_text("help.backup"))
    backup.add_argument("--to", type=Path, metavar="DIR", help=terminal_text("help.backup_to"))
    backup.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help=terminal_text("help.data"))
    backup.set_defaults(do=_backup)
    restore = commands.add_parser("restore", help=terminal_text("help.restore"))
    restore.add_argument("file", type=Path, help=terminal_text("help.restore_file"))
    restore.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help=terminal_text("help.data"))
    restore.set_defaults(do=_restore)


def _backup(options: argparse.Namespace) -> int:
    data_dir: Path = options.data
    settings = read_settings(data_dir, {}).hub
    if not (settings.get("database_url") or default_database(data_dir).exists()):
        raise RequestFailed("no_hub", terminal_text("no_hub", folder=data_dir))
    url = store_url(settings.get("database_url", ""), data_dir)
    source = Source(data_dir, locate(url), metadata.version("lianxin"))
    folder = options.to or backup_folder(settings.get("backup_dir", ""), data_dir)
    path = write_backup(source, folder, SystemClock().now())
    say(terminal_text("backup_made", file=path, mib=f"{path.stat().st_size / 2**20:.1f}"))
    say(terminal_text("backup_warning", code=source.code))
    return 0


def _restore(options: argparse.Namespace) -> int:
    code = os.environ.get(CODE_VARIABLE) or _ask_code()
    manifest = restore_backup(options.file, options.data, code)
    made_at = manifest.made_at.astimezone()
    say(
        terminal_text("restored", folder=options.data, time=f"{made_at:%Y-%m-%d %H:%M:%S}", files=len(manifest.members))
    )
    return 0


def _ask_code() -> str:
    if not sys.stdin.isatty():
        raise RequestFailed("no_recovery_code", terminal_text("no_recovery_code", variable=CODE_VARIABLE))
    return getpass.getpass(terminal_text("ask_recovery_code"))
