"""The embedded server's files: keys nobody else reads, a configuration that is checked before it counts."""

import stat
import threading
from pathlib import Path

import pytest

from core.errors import ConfigInvalid
from core.testing.nats import free_port
from hub.nats_server import Keys, ServerConfig, command, write_config
from hub.nats_server.config import render, validate


def channels(*instances: str) -> dict[str, str]:
    return dict.fromkeys(instances, "channel")


@pytest.fixture
def config(tmp_path: Path) -> ServerConfig:
    return ServerConfig(tmp_path / "nats", free_port())


def test_a_seed_is_made_once_and_only_we_can_read_it(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    seed = keys.seed("hub")
    assert seed.reveal().startswith("SU")
    assert keys.public("hub").startswith("U")
    assert keys.seed("hub") == seed
    assert keys.seed("plugin-sms") != seed
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()} == {0o600}
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["hub.seed", "plugin-sms.seed"]


def test_a_forgotten_seed_is_replaced_by_another(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    seed = keys.seed("plugin-sms")
    keys.forget("plugin-sms")
    keys.forget("plugin-sms")
    assert keys.seed("plugin-sms") != seed


def test_all_who_ask_at_the_same_time_get_the_same_seed(tmp_path: Path) -> None:
    seeds = []
    threads = [threading.Thread(target=lambda: seeds.append(Keys(tmp_path).seed("hub").reveal())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seeds)) == 1


@pytest.mark.parametrize("user", ["../hub", "a.b", "", "A", "a b", "x" * 65])
def test_a_user_that_is_no_token_has_no_seed(tmp_path: Path, user: str) -> None:
    with pytest.raises(ValueError, match="not a subject token"):
        Keys(tmp_path).seed(user)


def test_the_same_instances_change_nothing(config: ServerConfig) -> None:
    assert write_config(config, channels("sms", "email"))
    before = config.path.read_text()
    assert not write_config(config, channels("email", "sms"))
    assert config.path.read_text() == before
    assert write_config(config, channels("sms"))


def test_the_file_holds_no_secret_and_syncs_every_write(config: ServerConfig) -> None:
    write_config(config, channels("sms"))
    text = config.path.read_text()
    assert "sync_interval: always" in text
    assert f"listen: 127.0.0.1:{config.port}" in text
    assert config.keys.seed("plugin-sms").reveal() not in text
    assert config.keys.seed("hub").reveal() not in text
    assert "http" not in text
    assert stat.S_IMODE(config.data_dir.stat().st_mode) == 0o700
    assert command(config)[1:] == ["-c", str(config.path)]


def test_limits_and_monitoring_are_written_when_wanted(tmp_path: Path) -> None:
    config = ServerConfig(tmp_path, 4222, name="hotline-1", max_store_bytes=1_000_000, monitor_port=8222)
    text = render(config, {})
    assert 'server_name: "hotline-1"' in text
    assert "max_file_store: 1000000" in text
    assert "http: 127.0.0.1:8222" in text
    write_config(config, {})


def test_a_file_that_the_server_refuses_does_not_replace_the_old_one(
    config: ServerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(config, channels("sms"))
    before = config.path.read_text()
    monkeypatch.setattr("hub.nats_server.config.render_accounts", lambda *_: "accounts { broken")
    with pytest.raises(ConfigInvalid):
        write_config(config, channels("sms", "email"))
    assert config.path.read_text() == before


def test_a_hundred_instances_fit(config: ServerConfig) -> None:
    write_config(config, channels(*(f"instance-{n}" for n in range(100))))


def test_an_import_of_another_s_subject_is_refused_by_the_server_itself(config: ServerConfig) -> None:
    write_config(config, channels("sms", "email"))
    wicked = config.path.read_text().replace(
        'subject: "hub.channel.sms.message.received"', 'subject: "hub.channel.email.message.received"'
    )
    path = config.path.with_name("wicked.conf")
    path.write_text(wicked)
    with pytest.raises(ConfigInvalid):
        validate(path)


@pytest.mark.parametrize("instance", ["HUB", "$SYS", "a.b", "*", 'x" ]'])
def test_an_instance_that_is_no_token_gets_no_account(config: ServerConfig, instance: str) -> None:
    with pytest.raises(ValueError, match="not a subject token"):
        write_config(config, [instance])
