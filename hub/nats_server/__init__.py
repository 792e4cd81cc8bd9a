"""The embedded nats-server as text and command lines; the supervisor owns the process."""

from hub.nats_server.accounts import HUB_USERS
from hub.nats_server.config import ServerConfig, command, find_binary, reload, validate, write_config
from hub.nats_server.keys import Keys

__all__ = [
    "HUB_USERS",
    "Keys",
    "ServerConfig",
    "command",
    "find_binary",
    "reload",
    "validate",
    "write_config",
]
