"""How a process reaches the bus: the embedded server, or any NATS cluster."""

import re
import ssl
from typing import Annotated

import msgspec

from core.config import Secret, Settings
from core.errors import ConfigInvalid

_SCHEMES = ("nats://", "tls://", "ws://", "wss://")
_SEED = re.compile(r"SU[A-Z2-7]{56}")
_Wait = Annotated[float, msgspec.Meta(gt=0, le=3600)]


class BusSettings(Settings, frozen=True, kw_only=True):
    """Where the bus is and who we are there; ``seed`` is the nkey seed of this process's user."""

    url: str | tuple[str, ...] = "nats://127.0.0.1:4222"
    seed: Secret = Secret("")
    credentials: str = ""  # path of a .creds file, for clusters with JWT accounts
    inbox_prefix: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")] = "_INBOX"
    tls_ca: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    connect_timeout_s: _Wait = 30.0
    replicas: Annotated[int, msgspec.Meta(ge=1, le=5)] = 1

    def __post_init__(self) -> None:
        faults: dict[str, str] = {}
        if not self.urls:
            faults["url"] = "at least one address is needed"
        for url in self.urls:
            if not url.startswith(_SCHEMES):
                faults["url"] = f"must start with one of {', '.join(_SCHEMES)}"
        if bool(self.tls_cert) != bool(self.tls_key):
            faults["tls_key"] = "tls_cert and tls_key go together"
        if self.seed and _SEED.fullmatch(self.seed.reveal()) is None:
            faults["seed"] = "not the seed of an nkey user"
        if self.seed and self.credentials:
            faults["credentials"] = "either seed or credentials"
        if faults:
            raise ConfigInvalid(faults)

    @property
    def urls(self) -> tuple[str, ...]:
        """Return every address to try."""
        return (self.url,) if isinstance(self.url, str) else self.url

    @property
    def places(self) -> str:
        """Return the addresses for a message, without the passwords they may hold."""
        return ", ".join(url.rpartition("@")[2] if "@" in url else url for url in self.urls)

    @property
    def wants_tls(self) -> bool:
        """Tell whether an unencrypted connection must be refused."""
        return bool(self.tls_ca or self.tls_cert) or any(url.startswith(("tls://", "wss://")) for url in self.urls)

    def tls_context(self) -> ssl.SSLContext | None:
        """Return how to check the server and show ourselves; None without TLS, ConfigInvalid for unusable files."""
        if not self.wants_tls:
            return None
        path = self.tls_ca
        try:
            context = ssl.create_default_context(cafile=path or None)
            if path := self.tls_cert:
                context.load_cert_chain(path, self.tls_key)
        except OSError as error:  # ssl.SSLError is one
            raise ConfigInvalid({"tls_cert" if path == self.tls_cert else "tls_ca": f"{path}: {error}"}) from error
        return context
