"""Gives every plugin instance its own account on the bus, and takes it back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from hub.nats_server import Keys, ServerConfig, write_config


class Accounts(Protocol):
    """Who may enter the bus."""

    async def admit(self, instance: str, kind: str) -> dict[str, Any]:
        """Return the BusSettings with which ``instance``, a plugin of this kind, may enter now."""
        ...

    async def remove(self, instance: str) -> None:
        """Shut ``instance`` out."""
        ...

    async def forget(self, instance: str) -> None:
        """Shut ``instance`` out for good: its seed opens nothing any more."""
        ...


class EmbeddedAccounts:
    """Accounts of the embedded server; ``reload`` makes it read its configuration again."""

    def __init__(self, config: ServerConfig, reload: Callable[[], Awaitable[None]]) -> None:
        self._config = config
        self._reload = reload
        self._admitted: dict[str, str] = {}  # kind by instance
        self._turn = asyncio.Lock()

    async def admit(self, instance: str, kind: str) -> dict[str, Any]:
        seed = await asyncio.to_thread(self._config.keys.seed, f"plugin-{instance}")
        self._admitted[instance] = kind
        await self._write()
        return {"url": self._config.url, "seed": seed.reveal(), "inbox_prefix": f"_INBOX.{instance}"}

    async def remove(self, instance: str) -> None:
        if instance in self._admitted:
            del self._admitted[instance]
            await self._write()

    async def forget(self, instance: str) -> None:
        await self.remove(instance)
        await asyncio.to_thread(self._config.keys.forget, f"plugin-{instance}")

    async def _write(self) -> None:
        async with self._turn:
            if await asyncio.to_thread(write_config, self._config, dict(self._admitted)):
                await self._reload()


class ClusterAccounts:
    """Accounts of an outside cluster: its operator lets in the public keys of the seeds that we make."""

    def __init__(self, access: dict[str, Any], keys: Keys) -> None:
        self._access = access
        self._keys = keys

    async def admit(self, instance: str, kind: str) -> dict[str, Any]:
        seed = await asyncio.to_thread(self._keys.seed, f"plugin-{instance}")
        return {**self._access, "seed": seed.reveal(), "inbox_prefix": f"_INBOX.{instance}"}

    async def remove(self, instance: str) -> None:
        return

    async def forget(self, instance: str) -> None:
        await asyncio.to_thread(self._keys.forget, f"plugin-{instance}")
