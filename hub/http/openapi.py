"""Makes the OpenAPI 3.1 document from the declared endpoints."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from hub.errors import ErrorAnswer
from hub.http.endpoints import PUBLIC, VISITOR, Endpoint, NoBody

_REF = "#/components/schemas/{name}"


def document(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """Return the whole document as JSON-ready values."""
    listed = list(endpoints)
    kinds = [kind for endpoint in listed for kind in (endpoint.body, endpoint.answer) if kind not in (NoBody, None)]
    schemas, components = msgspec.json.schema_components([*kinds, ErrorAnswer], ref_template=_REF)
    by_kind = dict(zip([*kinds, ErrorAnswer], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in listed:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, by_kind)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lianxin", "version": version},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "lianxin_session"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
            },
        },
    }


def _operation(endpoint: Endpoint, by_kind: dict[Any, Any]) -> dict[str, Any]:
    error = {"description": "error", "content": {"application/json": {"schema": by_kind[ErrorAnswer]}}}
    statuses = {400, 403, 422, 429, 503, *endpoint.problems}
    is_open = endpoint.permission in (PUBLIC, VISITOR)
    if not is_open:
        statuses.add(401)
    if "{" in endpoint.path:
        statuses.add(404)
    if endpoint.body is not NoBody:
        statuses.add(413)
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": endpoint.handler.__name__,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)", endpoint.path)
        ]
        + _query_parameters(endpoint.query),
        "responses": {str(status): error for status in sorted(statuses)},
        "x-permission": endpoint.permission,
    }
    success: dict[str, Any] = {"description": "done"}
    if endpoint.answer is not None:
        success["content"] = {"application/json": {"schema": by_kind[endpoint.answer]}}
    operation["responses"][str(endpoint.status)] = success
    if endpoint.body is not NoBody:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": by_kind[endpoint.body]}},
        }
    if endpoint.permission == VISITOR:
        operation["responses"]["204"] = {"description": "not logged in"}
    if not is_open:
        needed: dict[str, list[str]] = {"session": []}
        if endpoint.method != "GET":
            needed["csrf"] = []
        operation["security"] = [needed]
    return operation


def _query_parameters(query: type[Any]) -> list[dict[str, Any]]:
    if query is NoBody:
        return []
    (_,), components = msgspec.json.schema_components([query], ref_template=_REF)
    shape = components[query.__name__]
    return [
        {"name": name, "in": "query", "required": name in shape.get("required", ()), "schema": schema}
        for name, schema in shape["properties"].items()
    ]
