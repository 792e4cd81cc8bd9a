"""What is written for the engine, and where an engine is looked for."""

from pathlib import Path

import pytest

from core.config import Secret, decode_settings
from core.errors import ConfigInvalid
from hub.engine.binary import Asterisk, EngineMissing, find_private, find_system
from hub.engine.config import RELOADED_BY, Plan, Ports, render, restart_needed
from hub.engine.layout import Layout
from hub.engine.music import compose
from hub.engine.settings import EngineSettings
from hub.engine.sources import find_source

DEB822 = """\
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""


def plan(**settings: object) -> Plan:
    asterisk = Asterisk(("asterisk",), "22", Path("/m"), Path("/d"), frozenset({"res_srtp", "app_dial"}))
    ports = Ports(sip=5060, http=8088, manager=5038, tls=5061 if settings.get("tls_key") else 0)
    return Plan(decode_settings(EngineSettings, settings), asterisk, Layout(Path("/data/engine")), ports, Secret("pw"))


def test_only_modules_that_are_there_are_loaded_and_the_vital_ones_are_required() -> None:
    modules = render(plan())["modules.conf"]
    assert "autoload = no" in modules
    assert "require = chan_pjsip.so" in modules
    assert "load = res_srtp.so" in modules
    assert "codec_opus" not in modules


def test_ari_manager_and_websockets_listen_on_the_loopback_only() -> None:
    files = render(plan())
    assert "bindaddr = 127.0.0.1" in files["http.conf"]
    assert "bindaddr = 127.0.0.1" in files["manager.conf"]
    assert "protocol = ws\nbind = 127.0.0.1" in files["pjsip_transports.conf"]


def test_the_password_stands_where_call_control_logs_in_only() -> None:
    assert [name for name, text in render(plan()).items() if " = pw" in text] == ["ari.conf", "manager.conf"]


def test_tls_comes_with_its_certificate() -> None:
    files = render(plan(tls_certificate="/c.pem", tls_key="/k.pem"))
    assert "bind = 0.0.0.0:5061\ncert_file = /c.pem" in files["pjsip_transports.conf"]
    assert "transport-tls" not in render(plan())["pjsip_transports.conf"]


def test_networks_that_are_not_allowed_are_denied() -> None:
    allowed = render(plan(sip_allowed=["203.0.113.0/24"]))["pjsip.conf"]
    assert "deny = 0.0.0.0/0" in allowed
    assert "permit = 203.0.113.0/24" in allowed
    assert "type = acl" not in render(plan())["pjsip.conf"]


def test_every_file_that_is_reloaded_is_written() -> None:
    files = render(plan())
    assert RELOADED_BY.keys() <= files.keys()
    assert restart_needed(["pjsip.conf", "manager.conf", "asterisk.conf", "pjsip_transports.conf"]) == (
        "asterisk.conf",
        "manager.conf",
        "pjsip_transports.conf",
    )


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"rtp_first": 20_000, "rtp_last": 10_000}, "rtp_first"),
        ({"tls_key": "/k.pem"}, "belong together"),
        ({"sip_allowed": ["everybody"]}, "sip_allowed"),
        ({"music": "/m\n[evil]"}, "music"),
        ({"sip_host": "localhost"}, "localhost"),
        ({"mode": "maybe"}, "mode"),
    ],
)
def test_settings_that_cannot_be_are_named(settings: dict[str, object], fault: str) -> None:
    with pytest.raises(ConfigInvalid, match=fault):
        decode_settings(EngineSettings, settings)


def machine(root: Path, release: str, sources: dict[str, str]) -> Path:
    """Return a folder that looks like a system's root."""
    (root / "etc/apt/sources.list.d").mkdir(parents=True)
    (root / "etc/os-release").write_text(release)
    for name, text in sources.items():
        (root / "etc/apt" / name).write_text(text)
    return root


def test_debian_s_own_mirror_is_asked_for_its_rolling_suite(tmp_path: Path) -> None:
    root = machine(tmp_path, 'ID=debian\nVERSION_CODENAME="bookworm"\n', {"sources.list.d/debian.sources": DEB822})
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    assert str(find_source(root)) == f"deb [signed-by={keyring}] http://mirror.example/debian sid main"


def test_ubuntu_has_one_in_its_own_release(tmp_path: Path) -> None:
    lines = (
        "# a comment\ndeb-src http://x noble main\ndeb [arch=amd64] http://mirror.example/ubuntu noble main universe\n"
    )
    root = machine(tmp_path, "ID=ubuntu\nUBUNTU_CODENAME=noble\n", {"sources.list": lines})
    source = find_source(root)
    assert (source.uri, source.suite, source.components) == ("http://mirror.example/ubuntu", "noble", "main universe")


def test_a_system_of_another_kind_is_told_what_to_do(tmp_path: Path) -> None:
    root = machine(tmp_path, 'ID=fedora\nPRETTY_NAME="Fedora 44"\n', {})
    with pytest.raises(EngineMissing, match=r"Fedora 44.*engine\.binary"):
        find_source(root)


def test_an_asterisk_that_is_too_old_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "asterisk"
    old.write_text("#!/bin/sh\necho Asterisk 16.28.0~dfsg\n")
    old.chmod(0o755)
    with pytest.raises(EngineMissing, match="version 16; at least 18"):
        find_system(str(old))


def test_a_half_unpacked_one_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "root.new/usr/sbin").mkdir(parents=True)
    (tmp_path / "root.new/usr/sbin/asterisk").touch()
    with pytest.raises(EngineMissing, match="no asterisk is installed"):
        find_private(tmp_path)


def test_a_long_path_gets_its_control_socket_elsewhere(tmp_path: Path) -> None:
    deep = Layout(tmp_path / ("x" * 120))
    assert len(str(deep.run)) < 100
    assert deep.run != Layout(tmp_path / ("y" * 120)).run
    assert Layout(Path("/srv/l/engine")).run == Path("/srv/l/engine/run")


def test_the_music_lasts_a_minute_and_ends_where_it_begins() -> None:
    samples = compose()
    assert len(samples) >= 60 * 8_000
    assert 4_000 < max(map(abs, samples)) < 8_000
    assert abs(samples[0] - samples[-1]) < 400
