"""A conversation goes on over another channel than it began on, and what comes back from there belongs to it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from core.events import Carries, ChannelState
from core.manifest import Manifest
from hub.store.models import Address, Conversation, Entry, PluginInstance
from hub.store.secrets import Sealer
from tests.hub.conversing.conftest import Come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.files import upload
from tests.hub.support.house import House, until
from tests.journeys.support.clients import Agent

WANG = "web:wang"
MOBILE = "tel:+8613800001234"
SMS = "sms-main"
SETTINGS = {"sms_signature": "【便民热线】", "sender": "10690001", "backend": {"password": "Pa55-w0r"}}


@pytest.fixture
async def sms(still_house: House) -> AsyncIterator[FakeChannel]:
    """A channel of telephone numbers that reaches anyone, played."""
    await reaches_anyone(still_house, SMS, "tel")
    async with still_house.channel(SMS) as sms:
        yield sms


async def reaches_anyone(house: House, instance: str, scheme: str) -> None:
    """Configure an instance whose plugin writes to any address of ``scheme`` and shows its ``sms_signature``."""
    manifest = Manifest(
        name=instance.partition("-")[0],
        kind="channel",
        title={"zh": "短信", "en": "SMS"},
        api=1,
        code_owners=("@tests",),
        quality="bronze",
        address_scheme=scheme,
        reaches="anyone",
        public_settings=("sms_signature", "price_per_segment"),
    )
    box = Sealer.load(house.settings.data_dir / "keys" / "data.key")
    house.services.reach.add_manifest(manifest)
    async with house.services.store.work():
        await PluginInstance.create(
            instance=instance, plugin=manifest.name, is_enabled=True, settings=box.seal(json.dumps(SETTINGS))
        )
    await house.services.plugin_instances.publish_all()


async def serve(agent: Agent, channel: FakeChannel, sender: str = WANG) -> dict[str, Any]:
    """Bring ``sender`` to the agent; return the conversation."""
    await channel.write(sender, "人工")
    return agent.conversation(await agent.take_offer())


async def choose(agent: Agent, conversation_id: str, uri_end: str) -> dict[str, Any]:
    """Answer at the address that ends so from now on."""
    options = (await agent.call("GET", f"/conversations/{conversation_id}/reply-options"))["items"]
    (option,) = [one for one in options if one["uri"].endswith(uri_end)]
    path = f"/conversations/{conversation_id}/reply-option"
    return await agent.call("PUT", path, address_id=option["address_id"], instance=option["instance"])


async def test_an_answer_goes_over_another_channel_and_the_reply_joins(
    still_house: House, channel: FakeChannel, sms: FakeChannel, come: Come
) -> None:
    zhou = await come("zhou")
    conversation = await serve(zhou, channel)
    conversation_id, contact_id = conversation["conversation_id"], conversation["contact_id"]
    await zhou.call("POST", f"/contacts/{contact_id}/addresses", text="138 0000 1234")
    chosen = await choose(zhou, conversation_id, "1234")
    assert chosen["reply_instance"] == SMS
    assert "****" in chosen["reply_address"], "an agent without the permission sees no whole number"
    entry = await zhou.say(conversation_id, "材料清单已发您手机")
    order = await sms.hears(MOBILE, "材料清单")
    assert (entry["channel"], entry["instance"], order.seq) == ("sms", SMS, 1)
    await zhou.until(lambda: any(one.get("status") == "delivered" for one in zhou.entries))

    await sms.write(MOBILE, "收到，谢谢")
    await zhou.until(lambda: "收到，谢谢" in zhou.read("in"))
    assert await Conversation.all().count() == 1
    lines = await Entry.filter(kind="message", text__in=["材料清单已发您手机", "收到，谢谢"]).order_by("entry_id")
    assert [(one.address, one.instance, one.seq) for one in lines] == [(MOBILE, SMS, 1), (MOBILE, SMS, 2)]
    await channel.write(WANG, "我还在网页上")
    await zhou.until(lambda: "我还在网页上" in zhou.read("in"))
    assert await Conversation.all().count() == 1


async def test_the_choice_outlives_a_restart_and_so_does_whose_replies_are(
    still_house: House, channel: FakeChannel, sms: FakeChannel, come: Come
) -> None:
    zhou = await come("zhou")
    conversation = await serve(zhou, channel)
    await zhou.call("POST", f"/contacts/{conversation['contact_id']}/addresses", text=MOBILE)
    await choose(zhou, conversation["conversation_id"], "1234")
    await zhou.say(conversation["conversation_id"], "一")
    await sms.hears(MOBILE, "一")
    await zhou.leave()
    await still_house.restart()
    zhou.url = still_house.url
    await zhou.open_desk()
    await sms.write(MOBILE, "二")
    async with asyncio.timeout(20):
        while not await Entry.filter(text="二", conversation_id=conversation["conversation_id"]).exists():
            await asyncio.sleep(0.01)
    await zhou.say(conversation["conversation_id"], "三")
    await sms.hears(MOBILE, "三")
    assert await Conversation.all().count() == 1


async def test_after_its_end_a_conversation_takes_no_replies(
    channel: FakeChannel, sms: FakeChannel, come: Come
) -> None:
    zhou = await come("zhou")
    conversation = await serve(zhou, channel)
    conversation_id = conversation["conversation_id"]
    await zhou.call("POST", f"/contacts/{conversation['contact_id']}/addresses", text=MOBILE)
    await choose(zhou, conversation_id, "1234")
    await zhou.say(conversation_id, "一")
    await sms.hears(MOBILE, "一")
    await zhou.call("POST", f"/conversations/{conversation_id}/end")
    await sms.hears(MOBILE, "作出评价")  # the rating is asked for where the citizen is
    await sms.write(MOBILE, "1")
    await sms.hears(MOBILE, "感谢")
    await sms.write(MOBILE, "另外一件事")
    await sms.until(lambda: len(sms.sent(MOBILE)) > 3)
    assert await Conversation.all().count() == 2
    assert (await Conversation.all().order_by("-conversation_id").first()).address == MOBILE  # type: ignore[union-attr]


async def test_an_option_shows_the_public_settings_and_no_others(
    still_house: House, channel: FakeChannel, sms: FakeChannel, come: Come
) -> None:
    zhou = await come("zhou")
    conversation = await serve(zhou, channel)
    await zhou.call("POST", f"/contacts/{conversation['contact_id']}/addresses", text=MOBILE)
    path = f"/conversations/{conversation['conversation_id']}/reply-options"
    shown = {one["instance"]: one.get("settings") for one in (await zhou.call("GET", path))["items"]}
    assert shown == {"web_chat-main": None, SMS: {"sms_signature": "【便民热线】"}}
    senders = {one["instance"]: one["settings"] for one in (await zhou.call("GET", "/senders"))["items"]}
    assert senders == {SMS: {"sms_signature": "【便民热线】"}}


async def test_an_address_that_nobody_can_send_to_is_no_option(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    conversation = await serve(zhou, channel)
    await zhou.call("POST", f"/contacts/{conversation['contact_id']}/addresses", text="a@example.org")
    options = await zhou.call("GET", f"/conversations/{conversation['conversation_id']}/reply-options")
    assert [one["channel"] for one in options["items"]] == ["web"]
    mail = await Address.get(uri="mailto:a@example.org")
    path = f"/conversations/{conversation['conversation_id']}/reply-option"
    status, _ = await zhou.try_call("PUT", path, address_id=mail.address_id, instance="web_chat-main")
    assert status == 422


async def test_an_option_says_what_its_messages_can_hold(
    still_house: House, channel: FakeChannel, sms: FakeChannel, come: Come
) -> None:
    await carry(still_house, sms, Carries(files=(), segments=5))
    zhou = await come("zhou")
    conversation = await serve(zhou, channel)
    await zhou.call("POST", f"/contacts/{conversation['contact_id']}/addresses", text=MOBILE)
    path = f"/conversations/{conversation['conversation_id']}/reply-options"
    shown = {one["instance"]: one.get("carries") for one in (await zhou.call("GET", path))["items"]}
    assert shown == {"web_chat-main": None, SMS: {"files": [], "segments": 5}}
    senders = {one["instance"]: one["carries"] for one in (await zhou.call("GET", "/senders"))["items"]}
    assert senders == {SMS: {"files": [], "segments": 5}}


@pytest.mark.parametrize(
    "carries", [Carries(files=()), Carries(files=("application/*",)), Carries(files=("image/*",), file_bytes=4)]
)
async def test_a_file_that_the_channel_does_not_carry_is_refused_at_once(
    still_house: House, channel: FakeChannel, sms: FakeChannel, come: Come, carries: Carries
) -> None:
    zhou = await come("zhou")
    conversation = await serve(zhou, channel)
    conversation_id = conversation["conversation_id"]
    await zhou.call("POST", f"/contacts/{conversation['contact_id']}/addresses", text=MOBILE)
    await choose(zhou, conversation_id, "1234")
    message = {"client_id": "c-1", "text": "材料", "attachments": [await upload(zhou)]}
    path = f"/conversations/{conversation_id}/messages"
    await carry(still_house, sms, carries)
    status, error = await zhou.try_call("POST", path, **message)
    assert (status, error["error"]["code"]) == (422, "file_not_carried")
    await carry(still_house, sms, Carries(files=("image/png",)))
    await zhou.call("POST", path, **message)
    assert (await sms.hears(MOBILE, "材料")).attachments[0].mime == "image/png"


async def carry(house: House, channel: FakeChannel, carries: Carries) -> None:
    """Let the channel say what it carries, and the hub hear it."""
    await channel.show(ChannelState(state="ready", carries=carries))
    states = house.services.plugin_instances.channel_states
    await until(lambda: channel.instance in states and states[channel.instance].carries == carries)
