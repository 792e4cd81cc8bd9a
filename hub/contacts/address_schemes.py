"""Which scheme of addresses each instance speaks for, as its plugin's manifest says; kept for the next start."""

import asyncio
import logging
from typing import Final

from core.bus import Bus
from core.errors import BusUnavailable, NeverHandled, RequestFailed
from core.events import PluginList, PluginsRequest
from core.subjects import ASK_PLUGINS
from hub.store.models import PluginInstance, Setting
from hub.units import Units

log = logging.getLogger(__name__)

KEY: Final = "address_schemes"  # of the setting: instance → scheme
ASK_AGAIN_S: Final = 5.0


class AddressSchemes:
    """What an instance may call itself: a stolen mail account writes nobody's text messages."""

    def __init__(self, units: Units, bus: Bus) -> None:
        self._units = units
        self._bus = bus
        self._of: dict[str, str] = {}

    async def load(self) -> None:
        """Read what was known at the last end."""
        if (row := await Setting.get_or_none(key=KEY)) is not None:
            self._of = dict(row.value)

    async def run(self) -> None:
        """Ask once what the installed plugins are, however late the supervisor answers; for a task of the hub."""
        while True:
            try:
                installed = await self._bus.request(ASK_PLUGINS, PluginsRequest(), reply=PluginList)
            except (RequestFailed, BusUnavailable):
                await asyncio.sleep(ASK_AGAIN_S)
                continue
            schemes = {plugin.name: plugin.address_scheme for plugin in installed.plugins}
            for row in await PluginInstance.all():
                await self.learn(row.instance, schemes.get(row.plugin, ""))
            await asyncio.Event().wait()

    async def learn(self, instance: str, scheme: str | None) -> None:
        """Note what ``instance`` speaks for; without ``scheme`` what was known stays."""
        if scheme and self._of.get(instance) != scheme:
            await self._keep({**self._of, instance: scheme})

    async def forget(self, instance: str) -> None:
        """There is no such instance any more."""
        if instance in self._of:
            await self._keep({name: scheme for name, scheme in self._of.items() if name != instance})

    def check(self, instance: str, uri: str) -> None:
        """Raise NeverHandled ``foreign_address`` when ``uri`` is none of this instance's."""
        scheme = self._of.get(instance)
        if scheme is not None and uri.partition(":")[0] != scheme:
            raise NeverHandled("foreign_address", f"{instance} speaks for {scheme}: only")

    async def _keep(self, schemes: dict[str, str]) -> None:
        async with self._units.open():
            await Setting.update_or_create({"value": schemes}, key=KEY)
        self._of = schemes
