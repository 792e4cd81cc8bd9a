"""Processes that are there, half gone, and gone."""

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub.births import birth
from tests.hub.support.house import until

# its first thread ends alone, another one keeps open what the process has, as a killed process's last threads do
LEADERLESS = """
import ctypes, sys, threading
threading.Thread(target=sys.stdin.read).start()
ctypes.CDLL(None).syscall(int(sys.argv[1]), 0)
"""
EXIT = {"x86_64": 60, "aarch64": 93}  # the system call that ends one thread


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_process_is_told_from_one_that_never_was() -> None:
    assert birth(os.getpid())
    assert birth(os.getpid()) == birth(os.getpid())
    assert birth(2**22 + 1) == ""


async def test_a_killed_process_is_gone_before_anybody_asked_for_its_end() -> None:
    process = subprocess.Popen((sys.executable, "-c", "input()"), stdin=subprocess.PIPE)
    try:
        assert birth(process.pid)
        process.send_signal(signal.SIGKILL)
        await until(lambda: birth(process.pid) == "")
        assert state(process.pid) == "Z"
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(platform.machine() not in EXIT, reason="no number of the system call for this machine")
async def test_a_process_is_there_as_long_as_one_of_its_threads() -> None:
    command = (sys.executable, "-c", LEADERLESS, str(EXIT[platform.machine()]))
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        born = birth(process.pid)
        await until(lambda: state(process.pid) == "Z")
        assert birth(process.pid) == born
        assert process.stdin is not None
        process.stdin.close()
        await until(lambda: birth(process.pid) == "")
    finally:
        process.kill()
        process.wait()
