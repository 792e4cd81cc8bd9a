"""Reads a database URL into what the ORM needs to connect."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tortoise.backends.base.config_generator import expand_db_url
from tortoise.exceptions import ConfigurationError

from core.errors import ConfigInvalid

APP: Final = "store"
MODELS: Final = "hub.store.models"
MIGRATIONS: Final = "hub.store.migrations"

SQLITE: Final = "sqlite://"
PRAGMAS: Final = {
    "journal_mode": "WAL",
    "synchronous": "FULL",  # NORMAL loses the last commits in a power cut
    "busy_timeout": 5000,
    "cache_size": -8_192,  # KiB; the system caches the file, too
    "temp_store": "MEMORY",
    "journal_size_limit": 67_108_864,
}
MAX_CONNECTIONS: Final = 8


@dataclass(frozen=True, slots=True)
class Database:
    """Where the data lies; ``file`` is None for a server or memory. Tests name other models and migrations."""

    engine: str
    credentials: dict[str, Any] = field(repr=False)
    file: Path | None = None
    models: str = MODELS
    migrations: str = MIGRATIONS

    @property
    def name(self) -> str:
        """What the connection is called; the ORM keeps SQL by this name, so each engine has its own."""
        return self.engine.rpartition(".")[2]

    @property
    def is_sqlite(self) -> bool:
        """Whether SQLite keeps it."""
        return self.engine.endswith("sqlite")

    @property
    def is_in_memory(self) -> bool:
        """Whether it is gone with the process."""
        return self.is_sqlite and self.file is None

    def config(self, **credentials: Any) -> dict[str, Any]:
        """Return the ORM's configuration, with other ``credentials`` where given."""
        return {
            "connections": {self.name: {"engine": self.engine, "credentials": {**self.credentials, **credentials}}},
            "apps": {
                APP: {"models": [self.models], "default_connection": self.name, "migrations": self.migrations},
            },
            "use_tz": True,
            "timezone": "UTC",
        }


def locate(url: str, *, models: str = MODELS, migrations: str = MIGRATIONS) -> Database:
    """Return the database at ``url``; ConfigInvalid when it is neither SQLite nor PostgreSQL."""
    if url.startswith(SQLITE):
        path = url.removeprefix(SQLITE)
        if path == ":memory:":
            return Database("tortoise.backends.sqlite", {"file_path": path, **PRAGMAS}, None, models, migrations)
        if not path or path.startswith(":") or path.endswith("/"):
            raise ConfigInvalid({"database.url": "names no file"})
        credentials = {"file_path": path, **PRAGMAS}
        return Database("tortoise.backends.sqlite", credentials, Path(path), models, migrations)
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigInvalid({"database.url": "must begin with sqlite:// or postgresql://"})
    try:
        config = expand_db_url(url)
    except (ConfigurationError, ValueError) as error:
        raise ConfigInvalid({"database.url": str(error)}) from error
    if not config["credentials"]["database"]:
        raise ConfigInvalid({"database.url": "names no database"})
    credentials = {
        "maxsize": MAX_CONNECTIONS,
        "application_name": "lianxin",
        "server_settings": {"timezone": "UTC"},
        **config["credentials"],
    }
    return Database(config["engine"], credentials, None, models, migrations)
