"""What the phone engine is told: the group ``engine`` of ``lianxin.toml``; every field is a line of docs/engine.md."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from core.config import Settings

Port = Annotated[int, Meta(ge=0, le=65_535)]
Mode = Literal["auto", "on", "off"]


class EngineSettings(Settings, frozen=True, kw_only=True):
    """Where the engine comes from and where the network reaches it.

    Trunks, phones and numbers are not here: they are settings of the plugin instance that carries the calls,
    which hands them to the running engine.
    """

    mode: Mode = "auto"  # auto: while an enabled plugin instance carries calls
    binary: str = ""  # an asterisk to run; empty: the system's when it is new enough, else one of our own
    prefix: str = ""  # folder of our own one; empty: engine/prefix in the data directory
    may_install: bool = True
    sip_host: str = "0.0.0.0"  # noqa: S104 - carriers and desk phones are on other machines
    sip_port: Port = 5060  # UDP and TCP; 0: a free one
    tls_port: Port = 5061  # 0: a free one
    tls_certificate: str = ""  # PEM files; both or none
    tls_key: str = ""
    http_port: Port = 0  # ARI and SIP over WebSocket, on the loopback only; 0: a free one
    rtp_first: Annotated[int, Meta(ge=1_024, le=65_534)] = 10_000
    rtp_last: Annotated[int, Meta(ge=1_025, le=65_535)] = 20_000
    external_address: str = ""  # what far ends outside local_networks see of us
    local_networks: tuple[str, ...] = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    stun: str = ""  # host:port
    sip_allowed: tuple[str, ...] = ()  # networks that may speak SIP to us; empty: all
    strangers_per_5_s: Annotated[int, Meta(ge=1)] = 5  # unidentified requests of one address before it is reported
    country: Annotated[str, Meta(pattern="^[a-z]{2}$")] = "cn"  # whose dial and busy tones are played
    music: str = ""  # folder of music on hold; empty: the piece that comes along

    def __post_init__(self) -> None:
        if self.rtp_first >= self.rtp_last:
            raise ValueError("rtp_first must be below rtp_last")
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("tls_certificate and tls_key belong together")
        for name in ("local_networks", "sip_allowed"):
            for network in getattr(self, name):
                _check(name, network)
        for name in ("binary", "prefix", "tls_certificate", "tls_key", "external_address", "stun", "music", "sip_host"):
            if any(character in getattr(self, name) for character in "\r\n;"):
                raise ValueError(f"{name} has a character that the engine's files cannot hold")
        ipaddress.ip_address(self.sip_host)

    def prefix_in(self, data_dir: Path) -> Path:
        """Return the folder of an engine of our own."""
        return Path(self.prefix) if self.prefix else data_dir / "engine" / "prefix"


def _check(name: str, network: str) -> None:
    try:
        ipaddress.ip_network(network)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
