"""Trunks, phones, and the engine itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from plugins.voice.ari.errors import AriUnavailable
from plugins.voice.ari.http import AriHttp, token
from plugins.voice.ari.model import Endpoint, moment


class EngineRequests(AriHttp):
    """What can be asked of endpoints, configuration objects and global variables."""

    async def endpoints(self) -> tuple[Endpoint, ...]:
        """Return every trunk and phone."""
        return await self.get("endpoints", tuple[Endpoint, ...])

    async def endpoint(self, name: str, *, technology: str = "PJSIP") -> Endpoint:
        """Return one."""
        return await self.get(f"endpoints/{technology}/{token(name)}", Endpoint)

    async def put_object(self, module: str, kind: str, name: str, fields: Mapping[str, str]) -> None:
        """Make or change a configuration object, such as ``res_pjsip``'s ``endpoint``; Refused for a bad field."""
        body = {"fields": [{"attribute": field, "value": value} for field, value in fields.items()]}
        await self.do("PUT", f"asterisk/config/dynamic/{module}/{kind}/{token(name)}", body=body)

    async def object_fields(self, module: str, kind: str, name: str) -> dict[str, str]:
        """Return a configuration object; Gone when there is none."""
        found = await self.get(f"asterisk/config/dynamic/{module}/{kind}/{token(name)}", list[dict[str, str]])
        return {field["attribute"]: field["value"] for field in found}

    async def delete_object(self, module: str, kind: str, name: str) -> bool:
        """Remove it; False: it was gone."""
        return await self.delete(f"asterisk/config/dynamic/{module}/{kind}/{token(name)}")

    async def version(self) -> str:
        """Return Asterisk's version."""
        info = await self.get("asterisk/info", dict[str, Any], {"only": "system"})
        return str(info.get("system", {}).get("version", ""))

    async def started_at(self) -> datetime:
        """Return when the engine was started."""
        info = await self.get("asterisk/info", dict[str, Any], {"only": "status"})
        try:
            return moment(str(info["status"]["startup_time"]))
        except (KeyError, ValueError) as error:
            raise AriUnavailable(f"Asterisk does not say when it was started: {error}") from error

    async def global_variable(self, name: str) -> str:
        """Return a global variable or function, such as ``DB(lianxin/duty)``."""
        return (await self.get("asterisk/variable", dict[str, str], {"variable": name})).get("value", "")

    async def set_global_variable(self, name: str, value: str) -> None:
        """Set one."""
        await self.do("POST", "asterisk/variable", {"variable": name, "value": value})
