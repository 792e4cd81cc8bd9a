"""``lianxin user …``: a way in for whoever has lost their password, with the hub running or not."""

import argparse
from pathlib import Path
from typing import Final

from core.bus import Bus, BusSettings
from core.clock import SystemClock
from core.errors import RequestFailed
from core.events import PasswordReset, PasswordResetRequest
from core.subjects import ASK_PASSWORD
from hub.accounts.password_resets import PasswordResets
from hub.accounts.sessions import Sessions
from hub.audit import Audit
from hub.cli.run import DEFAULT_DATA
from hub.cli.terminal import Commands, run_loop, say
from hub.i18n import terminal_text
from hub.settings import LimitSettings, default_database, store_url
from hub.store.engine import Store
from hub.supervisor.data_dir import DataDir, DataDirBusy
from hub.supervisor.settings import read_settings
from hub.units import Units

LIMIT_S: Final = 20.0


def add_to(commands: Commands) -> None:
    """Add the command and its own commands."""
    user = commands.add_parser("user", help=terminal_text("help.user"))
    actions = user.add_subparsers(required=True, metavar="ACTION")
    reset = actions.add_parser("reset-password", help=terminal_text("help.user_reset_password"))
    reset.add_argument("name", help=terminal_text("help.user_name"))
    reset.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help=terminal_text("help.data"))
    reset.set_defaults(do=_reset_password)


def _reset_password(options: argparse.Namespace) -> int:
    password = run_loop(_new_password(DataDir(options.data), options.name))
    say(terminal_text("new_password", name=options.name, password=password))
    return 0


async def _new_password(data: DataDir, username: str) -> str:
    settings = read_settings(data.path, {}).hub
    if not (settings.get("database_url") or default_database(data.path).exists()):
        raise RequestFailed("no_hub", terminal_text("no_hub", folder=data.path))
    try:
        data.lock()
    except DataDirBusy:
        return await _ask_running(data, username)
    try:
        return await _reset_here(store_url(settings.get("database_url", ""), data.path), username)
    finally:
        data.leave()


async def _ask_running(data: DataDir, username: str) -> str:
    running = data.running()
    if running is None:
        raise RequestFailed("not_ready", terminal_text("hub_not_ready"))
    settings = BusSettings(
        url=running.nats_url,
        seed=data.keys.seed("supervisor"),
        inbox_prefix="_INBOX.cli",
        connect_timeout_s=LIMIT_S,
    )
    async with await Bus.connect(settings, source="cli") as bus:
        question = PasswordResetRequest(username=username)
        answer = await bus.request(ASK_PASSWORD, question, reply=PasswordReset, timeout_s=LIMIT_S)
        return answer.password


async def _reset_here(url: str, username: str) -> str:
    """Change the database ourselves; the lock keeps everybody else from starting meanwhile."""
    clock = SystemClock()
    store = await Store.open(url, clock=clock)
    try:
        units = Units(store, clock)
        audit = Audit(units, clock)
        sessions = Sessions(store, clock, audit, LimitSettings())
        return await PasswordResets(units, audit, sessions).reset_by_name(username)
    finally:
        await store.close()
