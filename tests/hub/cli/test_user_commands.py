"""A lost password is replaced at the terminal, with the hub running or not."""

import asyncio
import re
from pathlib import Path

import pytest

from core.testing.nats import NatsServer
from hub.cli import main
from hub.demo import PASSWORD
from hub.store.models import AuditRecord
from hub.supervisor.data_dir import DataDir
from tests.hub.conftest import _quick_hashes, data, demo_data, house, nats_server
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

__all__ = ["_quick_hashes", "data", "demo_data", "house", "nats_server"]


def new_password(out: str) -> str:
    match = re.search(r"new password of zhou: (\S+) ", out)
    assert match, out
    return match[1]


async def test_the_running_hub_is_asked(
    house: House, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.desktop.socket.PING_S", 3_600)  # desks are sent away at once, not at the next ping
    folder = DataDir(data)
    folder.lock()
    folder.announce(house.nats.url)
    try:
        async with Agent(house.url, "zhou", PASSWORD) as zhou:
            await zhou.open_desk()
            arguments = ["user", "reset-password", "zhou", "--data", str(data)]
            assert await asyncio.to_thread(main, arguments) == 0
            assert (await zhou.try_call("GET", "/session"))[0] == 204
            assert (await zhou.bye())["code"] == "logged_out"
        first = new_password(capsys.readouterr().out)
        async with Agent(house.url, "zhou", first) as zhou:
            assert zhou.me["must_change_password"]
        deed = await AuditRecord.filter(action="password.reset").order_by("-audit_id").first()
        assert deed is not None
        assert deed.actor == "command line"
        assert first not in str(deed.detail)
    finally:
        folder.leave()


@pytest.mark.may_block("the command runs as it does at a terminal", limit_s=20)
async def test_a_stopped_hubs_database_is_changed(
    data: Path,
    nats_server: NatsServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert await asyncio.to_thread(main, ["user", "reset-password", "zhou", "--data", str(data)]) == 0
    first = new_password(capsys.readouterr().out)
    house = House(nats_server, data)
    await house.start()
    try:
        async with Agent(house.url, "zhou", first) as zhou:
            assert zhou.me["must_change_password"]
    finally:
        await house.stop()


@pytest.mark.may_block("the command runs as it does at a terminal", limit_s=20)
def test_what_cannot_be_is_said(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["user", "reset-password", "nobody", "--data", str(data)]) == 1
    assert "no user is named 'nobody'" in capsys.readouterr().err
    assert main(["user", "reset-password", "zhou", "--data", str(tmp_path / "nothing")]) == 1
    assert "there is no hub's data" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(
    ("locale", "words"),
    [("", "用户账户"), ("zh_CN.UTF-8", "用户账户"), ("C.UTF-8", "用户账户"), ("en_GB.UTF-8", "user accounts")],
)
def test_the_terminal_is_spoken_to_in_its_language(
    locale: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LIANXIN_LANGUAGE")
    monkeypatch.setenv("LC_ALL", locale)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.delenv("LANG", raising=False)
    with pytest.raises(SystemExit):
        main(["--help"])
    assert words in capsys.readouterr().out
