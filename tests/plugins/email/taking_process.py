"""``python -m tests.plugins.email.taking_process FOLDER``: the listener and all behind it, with a hub that forgets.

Says its port on a line; told to stop by the end of standard input, it says as JSON what was handed over and the
peaks of resident memory in KiB: its own, and what no process that it started went above.
"""

import asyncio
import resource
import sys
from pathlib import Path
from typing import Any

import msgspec

from core.config import decode_settings
from core.events import Attachment, Event, MessageReceived
from plugins.email.config import EmailConfig
from plugins.email.intake import Intake
from plugins.email.listener import Listener
from plugins.email.tokens import Tokens

SETTINGS: dict[str, Any] = {
    "address": "hotline@lianxin.test",
    "smtp": {"host": "localhost", "security": "none"},
    "listener": {"port": 1, "recipients": ["hotline@lianxin.test"]},
}


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one run."""

    messages: list[MessageReceived]
    own_kb: int
    children_kb: int


class ForgetfulLink:
    """Counts files as the hub would store them."""

    instance = "email-main"

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.messages: list[MessageReceived] = []

    async def emit(self, event: Event) -> None:
        """Keep a message."""
        assert isinstance(event, MessageReceived)
        self.messages.append(event)

    async def put_media(self, data: bytes, *, mime: str, name: str = "") -> Attachment:
        """Forget a file."""
        return Attachment(media_id="m", mime=mime, name=name, size_bytes=len(data))


async def main() -> None:
    """Take mails until standard input ends."""
    link = ForgetfulLink(Path(sys.argv[1]))
    config = decode_settings(EmailConfig, SETTINGS)
    intake = Intake(config, link, Tokens(b"k" * 32))  # type: ignore[arg-type]
    intake.reader.clear()
    assert config.listener is not None
    settings = msgspec.structs.replace(config.listener, port=0)
    listener = Listener(settings, intake.take, max_bytes=config.max_mail_bytes)
    ready = asyncio.Event()
    serving = asyncio.create_task(listener.serve(ready.set))
    await ready.wait()
    print(listener.port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    serving.cancel()
    # a process's ru_maxrss counts what it was forked from: right as a bound for children, wrong for ourselves
    children_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    taken = Taken(messages=link.messages, own_kb=_peak_kb(), children_kb=children_kb)
    sys.stdout.buffer.write(msgspec.json.encode(taken))


def _peak_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


if __name__ == "__main__":
    asyncio.run(main())
