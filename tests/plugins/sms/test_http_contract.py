"""The contract of every channel, by Kannel's interface and by a provider's JSON."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from core.events import MessageReceived, MessageStatus, Profile
from core.testing.bench import Bench
from core.testing.contract import ChannelContract
from core.testing.samples import Inbound, Outbound
from tests.plugins.sms.support.http_gateways import API_KEY, CALLBACK_KEY, PASSWORD, Provider, Smsbox
from tests.plugins.sms.support.orders import ADDRESSES, CITIZEN, order

LONG = "长" * 200


def status(state: Any, code: str = "", **fields: Any) -> MessageStatus:
    return MessageStatus(message_id="m-1", status=state, code=code, **fields)


class GatewayContract(ChannelContract):
    module = "plugins.sms"
    addresses = ADDRESSES

    @pytest_asyncio.fixture
    async def peer(self, bench: Bench) -> AsyncIterator[Any]:
        peer = self.peer_type()
        peer.instance = bench.instance  # type: ignore[attr-defined]
        yield peer
        await peer.stop()


class TestKannelContract(GatewayContract):
    peer_type = Smsbox
    secrets = [PASSWORD, CALLBACK_KEY]
    garbage = [
        {"from": "+8613800138000", "id": "g-3"},
    ]
    inbound = [
        Inbound(
            "from nobody",
            {"text": "who?", "id": "k-0"},
            MessageReceived(
                external_id="k-0",
                sender="tel:anonymous-nobody",
                text="who?",
                profile=Profile(name="没有号码的发件人（无法回复）"),
                is_automatic=True,
            ),
        ),
        Inbound(
            "UTF-8",
            {"from": "+8613800138000", "text": "井盖丢了 🕳", "id": "k-1", "charset": "UTF-8", "coding": "0"},
            MessageReceived(external_id="k-1", sender=CITIZEN, text="井盖丢了 🕳"),
        ),
        Inbound(
            "a word that starts again",
            {"from": "13800138000", "text": "订阅", "id": "k-2"},
            MessageReceived(external_id="k-2", sender=CITIZEN, text="订阅", consent="given"),
        ),
    ]
    outbound = [
        Outbound(
            "Chinese",
            order(),
            status("sent", external_id="m-1"),
            wire={"from": "1069", "to": "+8613800138000", "text": "您好，已受理", "coding": "2"},
        ),
        Outbound(
            "long, which the gateway cuts",
            order(LONG),
            status("sent"),
            wire={"from": "1069", "to": "+8613800138000", "text": LONG, "coding": "2"},
        ),
        Outbound(
            "queued",
            order("Hello"),
            status("sent"),
            answer={"status": 202, "text": "3: Queued for later delivery"},
        ),
        Outbound(
            "refused",
            order(),
            status("failed", "refused"),
            answer={"status": 202, "text": "5: Not routable"},
            wire={},
        ),
        Outbound(
            "throttled",
            order(),
            status("deferred", "throttled", retry_after_s=60.0),
            answer={"status": 503, "headers": {"Retry-After": "60"}},
            wire={},
        ),
        Outbound("a fault over there", order(), status("unknown", "gateway_error"), answer={"status": 500}, wire={}),
    ]


class TestProviderContract(GatewayContract):
    peer_type = Provider
    secrets = [API_KEY, CALLBACK_KEY]
    garbage = [{"id": "g-1"}, [7]]
    inbound = [
        Inbound(
            "from a name",
            {"mobile": "not a number", "content": "?", "id": "70"},
            MessageReceived(
                external_id="70",
                sender="tel:anonymous-not%20a%20number",
                text="?",
                profile=Profile(name="not a number（不是号码，无法回复）"),
                is_automatic=True,
            ),
        ),
        Inbound(
            "one",
            {"mobile": "13800138000", "content": "垃圾没人收", "id": 71},
            MessageReceived(external_id="71", sender=CITIZEN, text="垃圾没人收"),
        ),
        Inbound(
            "in a list",
            [{"mobile": "13800138000", "content": "TD", "id": "72"}],
            MessageReceived(external_id="72", sender=CITIZEN, text="TD", consent="withdrawn"),
        ),
    ]
    outbound = [
        Outbound(
            "a text that JSON escapes",
            order('他说"好"\n谢谢'),
            status("sent", external_id="p-1"),
            wire={"mobile": "+8613800138000", "content": '他说"好"\n谢谢', "ref": "m-1"},
        ),
        Outbound("refused", order(), status("failed", "refused"), answer={"data": {"code": "blacklisted"}}, wire={}),
        Outbound("busy", order(), status("sent"), answer={"data": {"code": "busy"}}),
        Outbound("not read", order(), status("deferred", "unavailable"), answer={"status": 408, "data": {}}, wire={}),
        Outbound("nonsense", order(), status("unknown", "unreadable_answer"), answer={"text": "<html>"}, wire={}),
        Outbound(
            "key refused", order(), status("deferred", "auth_failed"), answer={"status": 401, "data": {}}, wire={}
        ),
    ]
