"""Connectors: the outside systems that flows may ask, and a trial before they count."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.connectors.connectors import ConnectorView, LookupTrial
from hub.connectors.settings import SCHEMA
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()

Words = Annotated[str, Meta(max_length=4_000)]


class ConnectorList(msgspec.Struct, frozen=True):
    """Every connector, and the form of one."""

    items: list[ConnectorView]
    form: dict[str, Any]  # JSON Schema of an object whose ``settings`` are a connector's


class SaveConnector(Settings, frozen=True, kw_only=True):
    """What the connector is (HttpConnector, SqliteConnector or PostgresqlConnector, told by ``kind``)."""

    settings: dict[str, Any]


class TryConnector(Settings, frozen=True, kw_only=True):
    """Settings, saved or not, and what a flow would ask with."""

    settings: dict[str, Any]
    params: Annotated[dict[str, Words], Meta(max_length=50)] = {}
    timeout_s: Annotated[float, Meta(gt=0, le=30)] = 10.0


@api.add("GET", "/api/v1/connectors", "admin.plugins", answer=ConnectorList)
async def list_connectors(services: Services, call: Call[NoBody]) -> ConnectorList:
    """List every connector, secrets masked."""
    return ConnectorList(await services.connectors.all(), SCHEMA)


@api.add("PUT", "/api/v1/connectors/{connector_id}", "admin.plugins", body=SaveConnector, answer=ConnectorView)
async def save_connector(services: Services, call: Call[SaveConnector]) -> ConnectorView:
    """Make or change a connector; a secret that comes back masked stays what it was."""
    return await services.connectors.save(
        call.identity, call.path["connector_id"], call.body.settings, remote=call.remote
    )


@api.add("DELETE", "/api/v1/connectors/{connector_id}", "admin.plugins", problems=(409,))
async def delete_connector(services: Services, call: Call[NoBody]) -> None:
    """Forget a connector that no published flow asks."""
    await services.connectors.delete(call.identity, call.path["connector_id"], remote=call.remote)


@api.add("POST", "/api/v1/connectors/{connector_id}/trials", "admin.plugins", body=TryConnector, answer=LookupTrial)
async def try_connector(services: Services, call: Call[TryConnector]) -> LookupTrial:
    """Ask an outside system as a flow would, by settings that need not be saved."""
    body = call.body
    return await services.connectors.try_out(call.path["connector_id"], body.settings, body.params, body.timeout_s)
