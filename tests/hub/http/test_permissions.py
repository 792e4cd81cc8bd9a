"""Who may call what: every endpoint, tried by every role, by nobody, and by who must change the password first."""

import itertools
import re
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import pytest_asyncio

from admin import register_routes
from hub.accounts.identity import Identity
from hub.accounts.permissions import PERMISSIONS, ROLES
from hub.accounts.users import NewUser
from hub.desktop.calls import ENDPOINTS
from hub.http.endpoints import PUBLIC, SESSION, VISITOR, Endpoint
from tests.hub.support.house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALL: tuple[Endpoint, ...] = (*ENDPOINTS, *register_routes())  # type: ignore[arg-type]
WHO = ("nobody", "must_change", *ROLES)
FILES = {  # what sends or takes no JSON asks for its permission itself
    ("/api/v1/desktop", "GET"): "desk.use",
    ("/api/v1/media", "POST"): "desk.use",
    ("/api/v1/knowledge/articles/{article_id}/files/{media_id}", "GET"): "desk.use",
    ("/api/v1/knowledge/articles/{article_id}/sounds/{line}", "GET"): "desk.use",
    ("/api/v1/bulk/{campaign_id}/results.csv", "GET"): "outreach.send",
    ("/api/v1/quality-cases/{case_id}/file", "GET"): "quality.manage",
    ("/api/v1/quality-files/cases", "GET"): "quality.manage",
    ("/api/v1/quality-files/results", "GET"): "quality.manage",
    ("/api/v1/call-files", "GET"): "recording.find",
    ("/api/v1/form-files", "GET"): "wallboard.view",
    ("/api/v1/report-files", "GET"): "wallboard.view",
    ("/api/v1/work-order-files", "GET"): "desk.use",
    ("/api/v1/recordings/{recording_id}/file", "GET"): "recording.download",
    ("/api/v1/recording-exports/{export_id}/file", "GET"): "recording.download",
    ("/api/v1/backups/{name}", "GET"): "admin.backups",
}
PASSWORD = "correct-horse-77"
OPERATOR = Identity(username="operator")


class Caller:
    """Somebody with a browser."""

    def __init__(self, http: aiohttp.ClientSession, url: str, csrf: str = "") -> None:
        self.http = http
        self.url = url
        self.csrf = csrf

    async def call(self, method: str, path: str) -> tuple[int, str]:
        """Make a call without a body; return its status and error code."""
        async with self.http.request(method, self.url + path, headers={"X-CSRF-Token": self.csrf}) as answer:
            body = await answer.json() if answer.content_type == "application/json" else {}
            return answer.status, body.get("error", {}).get("code", "") if isinstance(body, dict) else ""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def callers(served: House) -> AsyncIterator[dict[str, Caller]]:
    users = served.services.users
    callers: dict[str, Caller] = {}
    for number, who in enumerate(WHO):
        jar = aiohttp.CookieJar(unsafe=True)
        caller = callers[who] = Caller(aiohttp.ClientSession(cookie_jar=jar), served.url)
        if who == "nobody":
            continue
        role = "admin" if who == "must_change" else who
        new = NewUser(
            username=f"user-{who.replace('_', '-')}", display_name=who, work_number=f"9{number}", role_ids=(role,)
        )
        _, password = await users.make(OPERATOR, new, password="" if who == "must_change" else PASSWORD)
        body = {"username": new.username, "password": password}
        async with caller.http.post(f"{served.url}/api/v1/session", json=body) as answer:
            caller.csrf = (await answer.json())["csrf"]
    yield callers
    for caller in callers.values():
        await caller.http.close()


def _cases() -> Iterator[tuple[str, Endpoint]]:
    for who, endpoint in itertools.product(WHO, ALL):
        if endpoint.path == "/api/v1/session" and endpoint.method == "DELETE":
            continue  # logs the caller out; tried in test_sessions.py
        yield who, endpoint


@pytest.mark.parametrize(
    ("who", "endpoint"),
    [pytest.param(*case, id=f"{case[0]} {case[1].method} {case[1].path}") for case in _cases()],
)
async def test_an_endpoint_lets_in_exactly_who_has_its_permission(
    callers: dict[str, Caller], who: str, endpoint: Endpoint
) -> None:
    path = re.sub(r"{\w+}", "01999999-0000-7000-8000-000000000000", endpoint.path)
    status, code = await callers[who].call(endpoint.method, path)
    match who, endpoint.permission:
        case _, "public":
            assert status in (200, 400)
        case "nobody", "visitor":
            assert status == 204
        case "nobody", _:
            assert (status, code) == (401, "not_logged_in")
        case _, "session" | "visitor":
            assert status in (200, 204, 400)
        case "must_change", _:
            assert (status, code) == (403, "password_change_required")
        case role, permission if permission in ROLES[role][1]:
            assert status not in (401, 403), code
            assert status < 500, code
        case _:
            assert (status, code) == (403, "forbidden")


@pytest.mark.parametrize(("path", "method"), FILES)
@pytest.mark.parametrize("who", WHO)
async def test_a_file_is_for_exactly_who_has_its_permission(
    callers: dict[str, Caller], who: str, path: str, method: str
) -> None:
    there = path.replace("{line}", "1").replace("{name}", "lianxin-20260101-000000.tar")
    status, code = await callers[who].call(method, re.sub(r"{\w+}", "01999999-0000-7000-8000-000000000000", there))
    if who == "nobody":
        assert (status, code) == (401, "not_logged_in")
    elif who == "must_change":
        assert (status, code) == (403, "password_change_required")
    elif FILES[path, method] in ROLES[who][1]:
        assert status not in (401, 403), code
        assert status < 500, code
    else:
        assert (status, code) == (403, "forbidden")


async def test_every_route_declares_its_permission(served: House) -> None:
    assert {endpoint.permission for endpoint in ALL} <= {PUBLIC, VISITOR, SESSION, *PERMISSIONS}
    assert [endpoint.path for endpoint in ALL if endpoint.permission == PUBLIC] == ["/api/v1/session"]


async def test_every_route_below_the_api_is_declared_or_known(served: House) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{served.url}/api/v1/openapi.json") as answer:
        described = {
            (method.upper(), path) for path, calls in (await answer.json())["paths"].items() for method in calls
        }
    assert described == {(endpoint.method, endpoint.path) for endpoint in ALL}
    paths = {resource.canonical for resource in served.hub.web.router.resources()}
    routes = {path for path in paths if path.startswith("/api/")}
    assert routes == {path for path, _ in FILES} | {"/api/v1/openapi.json"} | {endpoint.path for endpoint in ALL}
