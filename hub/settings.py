"""What the hub is told at its start; every field is a line of docs/settings.md."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from core.bus import BusSettings
from core.config import Secret, Settings

Port = Annotated[int, Meta(ge=0, le=65_535)]


def default_database(data_dir: Path) -> Path:
    """Return the file of the embedded database."""
    return data_dir / "hub.db"


def store_url(database_url: str, data_dir: Path) -> str:
    """Return which database to open: the operator's own, or the embedded one."""
    return database_url or f"sqlite://{default_database(data_dir)}"


def backup_folder(backup_dir: str, data_dir: Path) -> Path:
    """Return where backups are kept: the operator's own folder, or the one in the data directory."""
    return Path(backup_dir) if backup_dir else data_dir / "backups"


class HttpSettings(Settings, frozen=True, kw_only=True):
    """Where browsers reach the hub; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str = ""  # what browsers type, when a proxy stands before us; decides Secure cookies and origins
    tls_certificate: str = ""  # PEM files; both or none
    tls_key: str = ""
    trusted_proxies: tuple[str, ...] = ()  # addresses whose X-Forwarded-For is believed


class NatsSettings(Settings, frozen=True, kw_only=True):
    """The bus, as the supervisor hands it over or an operator configures it."""

    url: str | tuple[str, ...]
    seed: Secret = Secret("")
    inbox_prefix: str = "_INBOX.hub"
    replicas: Annotated[int, Meta(ge=1, le=5)] = 1
    tls_ca: str = ""
    tls_certificate: str = ""
    tls_key: str = ""

    def access(self) -> BusSettings:
        """Return them in the bus's own words."""
        return BusSettings(
            url=self.url,
            seed=self.seed,
            inbox_prefix=self.inbox_prefix,
            replicas=self.replicas,
            tls_ca=self.tls_ca,
            tls_cert=self.tls_certificate,
            tls_key=self.tls_key,
        )


class LimitSettings(Settings, frozen=True, kw_only=True):
    """Bounds that protect the hub from what arrives."""

    body_bytes: Annotated[int, Meta(ge=1_024)] = 1_048_576
    attachment_bytes: Annotated[int, Meta(ge=1_024)] = 20_971_520
    text_chars: Annotated[int, Meta(ge=1)] = 4_000
    logins_per_minute: Annotated[int, Meta(ge=1)] = 20  # from one network address
    calls_per_second: Annotated[int, Meta(ge=1)] = 50  # by one user
    failed_logins: Annotated[int, Meta(ge=1)] = 5  # before an account is locked
    lock_s: Annotated[float, Meta(gt=0)] = 900.0
    session_idle_s: Annotated[float, Meta(gt=0)] = 43_200.0
    session_s: Annotated[float, Meta(gt=0)] = 86_400.0  # however busy it is
    desk_backlog: Annotated[int, Meta(ge=100)] = 500  # deltas kept for a browser that comes back; else a snapshot
    undo_s: Annotated[float, Meta(ge=0, le=60)] = 5.0  # ends and transfers from the desk can be taken back that long
    desk_grace_s: Annotated[float, Meta(gt=0)] = 20.0  # a lost browser keeps its agent's work that long


class SearchSettings(Settings, frozen=True, kw_only=True):
    """The search: Whoosh for up to some twenty thousand articles, tantivy (extra ``tantivy``) above."""

    is_enabled: bool = True
    engine: Literal["whoosh", "tantivy"] = "whoosh"
    memory_mb: Annotated[int, Meta(ge=256)] = 4_096  # above that it is started anew


class HubSettings(Settings, frozen=True, kw_only=True):
    """Everything the hub process needs; the supervisor sends it as one line of JSON."""

    data_dir: Path
    nats: NatsSettings
    http: HttpSettings = HttpSettings()
    limits: LimitSettings = LimitSettings()
    search: SearchSettings = SearchSettings()
    database_url: str = ""  # empty: SQLite in data_dir
    demo: bool = False
    media_key: str = ""  # a file with 64 hexadecimal digits: files are sealed on the disk from now on
    backup_dir: str = ""  # empty: folder backups in data_dir
    recordings_dir: str = ""  # where every recording is copied to as a plain file; empty: nowhere
    recordings_format: Literal["wav", "gsm"] = "wav"
