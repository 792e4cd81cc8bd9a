"""The API does what its OpenAPI document says: generated calls, good and bad, by an administrator (schemathesis)."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.store.models import Contact, Conversation, Entry, Offer
from tests.hub.support.house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = 12  # of each operation, good and bad each
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PASSWORD = "correct-horse-77"
OPERATOR = Identity(username="operator")
# these would end the session that makes the calls, or lock it out
LEFT_OUT = {("DELETE", "/api/v1/session"), ("PUT", "/api/v1/session/password"), ("POST", "/api/v1/session")}


async def test_calls_keep_to_the_document(served: House) -> None:
    users = served.services.users
    machine = NewUser(
        username="machine", display_name="机器", work_number="8001", role_ids=("admin",), queue_ids=("general",)
    )
    me, _ = await users.make(OPERATOR, machine, password=PASSWORD)
    other, _ = await users.make(OPERATOR, NewUser(username="other", display_name="别人", work_number="8002"))
    await served.services.presence.set_state(me.user_id, "available", "", work_mode=None)
    async with served.channel() as channel:
        await channel.write("tel:+8613800138000", "人工")
        await channel.hears("tel:+8613800138000", "正在为您转接")
    real = {
        "conversation_id": (await Conversation.get()).conversation_id,
        "contact_id": (await Contact.get()).contact_id,
        "entry_id": (await Entry.filter(direction="out").first()).entry_id,  # type: ignore[union-attr]
        "offer_id": (await Offer.get(agent_id=me.user_id)).offer_id,
        "user_id": other.user_id,
        "flow_id": "hotline",
        "queue_id": "elder",
        "role_id": "agent",
        "instance": "web_chat-main",
        "plugin": "web_chat",
    }
    faults = await asyncio.to_thread(_call_everything, served.url, real)
    assert not faults, "\n\n".join(faults)


def _call_everything(url: str, real: dict[str, str]) -> list[str]:
    """Return what is wrong with the first wrong answer of each operation; ``real`` ids are asked for in good calls."""
    with requests.Session() as session:
        login = {"username": "machine", "password": PASSWORD}
        me = session.post(f"{url}/api/v1/session", json=login, timeout=10).json()
        document: dict[str, Any] = session.get(f"{url}/api/v1/openapi.json", timeout=10).json()
        for calls in document["paths"].values():
            for call in calls.values():
                call.pop("security", None)  # every call here is let in
        schema = schemathesis.openapi.from_dict(document)
        schema.config.base_url = url
        faults: dict[str, str] = {}
        for result in schema.get_all_operations():
            operation = result.ok()
            if (operation.method.upper(), operation.path) in LEFT_OUT:
                continue
            for mode in schemathesis.GenerationMode:
                is_good = mode is schemathesis.GenerationMode.POSITIVE
                if not is_good and not (operation.path_parameters or operation.query or operation.body):
                    continue  # nothing in it can be bad

                def check(case: schemathesis.Case) -> None:
                    if case.meta.generation.mode is schemathesis.GenerationMode.POSITIVE:  # type: ignore[union-attr]
                        case.path_parameters |= {name: real[name] for name in case.path_parameters if name in real}
                    answer = case.call(session=session, headers={"X-CSRF-Token": me["csrf"]}, timeout=10)
                    try:
                        case.validate_response(answer, checks=CHECKS)
                    except (Exception, BaseExceptionGroup) as error:
                        shown = getattr(error, "exceptions", [error])
                        faults.setdefault(case.operation.label, f"{case.operation.label}: {shown}")

                _try_examples(operation.as_strategy(generation_mode=mode), check)
    return list(faults.values())


def _try_examples(cases: Any, check: Callable[[schemathesis.Case], None]) -> None:
    run = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        verbosity=Verbosity.quiet,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(given(cases)(check))
    with suppress(Unsatisfiable):  # any string will do in a path
        run()
