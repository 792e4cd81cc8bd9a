"""``lianxin plugin …``: what is installed, a new one, a check, one instance by hand, on and off."""

import argparse
import importlib.util
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from core.bus import Bus, BusSettings
from core.discovery import discover
from core.errors import ConfigInvalid, LianxinError, ManifestInvalid, RequestFailed
from core.events import SwitchAnswer, SwitchRequest
from core.host.job import HostJob
from core.manifest import FILE_NAME, Manifest, read_manifest
from core.subjects import ASK_SWITCH, fill
from hub.cli.run import DEFAULT_DATA
from hub.cli.scaffold import write_plugin
from hub.cli.terminal import Commands, run_foreground, run_loop, say
from hub.i18n import terminal_text
from hub.supervisor.answers import installed
from hub.supervisor.data_dir import DataDir

HOST: Final = (sys.executable, "-P", "-m", "core.host")
CHECK_LIMIT_S: Final = 20.0
SWITCH_LIMIT_S: Final = 10.0


class CheckFailed(LianxinError):
    """A plugin does not keep a promise; the text says which."""

    code = "check_failed"


def add_to(commands: Commands) -> None:
    """Add the command and its own commands."""
    plugin = commands.add_parser("plugin", help=terminal_text("help.plugin"))
    actions = plugin.add_subparsers(required=True, metavar="ACTION")
    _add(actions, "list", terminal_text("help.plugin_list"), _list)
    new = _add(actions, "new", terminal_text("help.plugin_new"), _new)
    new.add_argument("name", help=terminal_text("help.plugin_new_name"))
    new.add_argument(
        "--in", dest="folder", type=Path, default=Path(), metavar="DIR", help=terminal_text("help.plugin_new_in")
    )
    check = _add(actions, "check", terminal_text("help.plugin_check"), _check)
    check.add_argument("path", type=Path, help=terminal_text("help.plugin_check_path"))
    run = _add(actions, "run", terminal_text("help.plugin_run"), _run)
    run.add_argument("name", help=terminal_text("help.plugin_run_name"))
    run.add_argument("--config", type=Path, required=True, metavar="FILE", help=terminal_text("help.plugin_run_config"))
    for word, is_enabled in (("enable", True), ("disable", False)):
        switch = _add(actions, word, terminal_text(f"help.plugin_{word}"), _switch)
        switch.add_argument("instance")
        switch.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help=terminal_text("help.data"))
        switch.set_defaults(is_enabled=is_enabled)


def _add(actions: Commands, name: str, text: str, do: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text)
    parser.set_defaults(do=do)
    return parser


def _list(_: argparse.Namespace) -> int:
    for plugin in installed().plugins:
        if plugin.fault:
            print(f"{plugin.module:<16} {terminal_text('plugin_unusable', fault=plugin.fault)}")
        else:
            title = f"{plugin.title['zh']} / {plugin.title['en']}"
            print(f"{plugin.name:<16} {plugin.version:<8} {plugin.kind:<12} {plugin.quality:<8} {title}")
    return 0


def _new(options: argparse.Namespace) -> int:
    folder = write_plugin(options.name, options.folder)
    say(terminal_text("plugin_written", folder=folder))
    return 0


def _check(options: argparse.Namespace) -> int:
    folder, manifest = _find_manifest(options.path)
    module, root = _module_of(folder)
    say(terminal_text("manifest_good", name=manifest.name))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *_python_path()])}
    told = subprocess.run(  # noqa: S603 - our own interpreter and module
        [*HOST, "--describe", module],
        env=environment,
        capture_output=True,
        timeout=CHECK_LIMIT_S,
        check=False,
    )
    answer = msgspec.json.decode(told.stdout or b"{}", type=dict[str, Any])
    if told.returncode or "schema" not in answer:
        faults = answer.get("faults", {}).values() or told.stderr.decode(errors="replace").splitlines()[-3:]
        raise CheckFailed("; ".join(faults))
    say(terminal_text("class_agrees"))
    if not any((place / "README.md").is_file() for place in (folder, folder.parent)):
        raise CheckFailed("a README.md for operators is missing")
    tests = next((place / "tests" for place in (folder, folder.parent) if (place / "tests").is_dir()), None)
    if tests is None or importlib.util.find_spec("pytest") is None:
        say(terminal_text("no_tests"))
        return 0
    return subprocess.run([sys.executable, "-m", "pytest", str(tests)], env=environment, check=False).returncode  # noqa: S603


def _run(options: argparse.Namespace) -> int:
    found, _ = discover()
    if options.name not in found:
        raise RequestFailed("no_such_plugin", f"no plugin named {options.name!r} is installed")
    try:
        text = tomllib.loads(options.config.read_text("utf-8"))
        job = msgspec.convert({"settings": {}, "data_dir": ".", **text, "plugin": found[options.name].module}, HostJob)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ConfigInvalid({str(options.config): str(error)}) from error
    return run_foreground(HOST, msgspec.json.encode(job))


def _switch(options: argparse.Namespace) -> int:
    running = DataDir(options.data).running()
    if running is None:
        raise RequestFailed("not_running", f"no hub runs on {options.data}; an administrator can do it on the desk")
    seed = DataDir(options.data).keys.seed("supervisor")
    settings = BusSettings(url=running.nats_url, seed=seed, inbox_prefix="_INBOX.cli", connect_timeout_s=SWITCH_LIMIT_S)
    answer = run_loop(_ask_switch(settings, options.instance, is_enabled=options.is_enabled))
    say(terminal_text("enabled" if answer.is_enabled else "disabled", instance=options.instance))
    return 0


async def _ask_switch(settings: BusSettings, instance: str, *, is_enabled: bool) -> SwitchAnswer:
    async with await Bus.connect(settings, source="cli") as bus:
        question = SwitchRequest(is_enabled=is_enabled)
        return await bus.request(fill(ASK_SWITCH, instance), question, reply=SwitchAnswer, timeout_s=SWITCH_LIMIT_S)


def _find_manifest(path: Path) -> tuple[Path, Manifest]:
    for candidate in (path / FILE_NAME, *sorted(path.glob(f"*/{FILE_NAME}"))):
        if candidate.is_file():
            return candidate.parent.resolve(), read_manifest(candidate)
    raise ManifestInvalid(f"{path}: no {FILE_NAME} here or one folder below")


def _module_of(folder: Path) -> tuple[str, Path]:
    """Return the name under which ``folder`` is imported, and what must be on the path for it."""
    parts = [folder.name]
    root = folder.parent
    while (root / "__init__.py").is_file():
        parts.insert(0, root.name)
        root = root.parent
    return ".".join(parts), root


def _python_path() -> Iterator[str]:
    if path := os.environ.get("PYTHONPATH"):
        yield path
