"""What the commands share: their parser, their loop, their words on the terminal."""

import argparse
import logging
import signal
import subprocess
import sys
from typing import TypeAlias

from core.loop import run as run_loop

__all__ = ["Commands", "log_to_terminal", "run_foreground", "run_loop", "say"]


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def say(text: str, *, plain: bool = False) -> None:
    """Print a line at once; ``plain`` without our name before it."""
    print(text if plain else f"lianxin: {text}", flush=True)


def log_to_terminal() -> None:
    """Show warnings on standard error."""
    logging.basicConfig(level=logging.WARNING, format="lianxin: %(message)s", stream=sys.stderr)


def run_foreground(command: tuple[str, ...], job: bytes) -> int:
    """Run ``command`` with ``job`` on its standard input; its signals are ours, its exit status is returned."""
    child = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603 - our own interpreter and modules
    assert child.stdin is not None
    with child.stdin:
        child.stdin.write(job + b"\n")
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells the child itself
    return child.wait()
