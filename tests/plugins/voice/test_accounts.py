"""Trunks and phones, as the running engine takes them."""

import asyncio

import pytest

from core.config import Secret, decode_settings
from core.errors import ConfigInvalid
from core.events.calls import PhoneAccount
from plugins.voice.accounts import Trunk, keep_accounts, phone_objects, put_objects, trunk_objects
from plugins.voice.ari.events import StasisStart
from tests.plugins.voice.support.engine import Board
from tests.plugins.voice.support.events import listening
from tests.plugins.voice.support.phone import Phone


async def test_a_trunk_registers_with_its_password_and_its_calls_are_known_by_their_address(board: Board) -> None:
    async with Phone(board.sip, "13800138000") as carrier:
        carrier.takes = "hotline"
        trunk = Trunk(
            name="trunk-main",
            host="127.0.0.1",
            port=carrier.port,
            username="hotline",
            password=Secret("s3cret"),
            registers=True,
        )
        await put_objects(board.ari, trunk_objects(trunk))
        try:
            async with asyncio.timeout(20):  # Asterisk spreads first registrations over ten seconds
                registration = await carrier.registered.get()
            assert registration["contact"].startswith("<sip:hotline@")
            async with listening(board.ari) as events, carrier.call("12345"):
                started = await events.next(StasisStart)
                assert started.args == ("inbound", "trunk-main", "12345")
                assert (started.channel.caller.number, started.channel.caller.name) == ("13800138000", "")
            await board.ari.originate("PJSIP/10086@trunk-main", "leg-out", caller_id='"12345" <12345>')
            out = await carrier.rings()
            assert out.dialled == "10086"
            assert out.caller.startswith("sip:12345@")
        finally:
            await keep_accounts(board.ari, ())
        assert [endpoint for endpoint in await board.ari.endpoints() if endpoint.resource == "trunk-main"] == []


async def test_a_desk_phone_registers_and_dials(board: Board) -> None:
    account = PhoneAccount(phone_id="desk-7", secret="s3cret", display_name='张"三;<x>')
    await put_objects(board.ari, phone_objects(account))
    try:
        async with Phone(board.sip, "desk-7", password="s3cret") as phone:
            assert await phone.register() == 200
            async with listening(board.ari) as events, phone.call("2001"):
                started = await events.next(StasisStart)
                assert started.args == ("phones", "desk-7", "2001")
                assert started.channel.caller.name == "张三x"
    finally:
        await keep_accounts(board.ari, ())


async def test_a_browser_s_phone_is_accepted_and_the_rest_is_removed(board: Board) -> None:
    first = phone_objects(PhoneAccount(phone_id="web-1", secret="a", kind="browser"))
    second = phone_objects(PhoneAccount(phone_id="web-2", secret="b", kind="browser"))
    await keep_accounts(board.ari, (*first, *second))
    await keep_accounts(board.ari, second)
    await browsers_are(board, {"web-2"})
    await keep_accounts(board.ari, ())
    await browsers_are(board, set())


async def browsers_are(board: Board, names: set[str]) -> None:
    """Return when these are the browsers' phones; Asterisk goes on listing a removed endpoint for a while."""
    async with asyncio.timeout(30):
        while {one.resource for one in await board.ari.endpoints() if one.resource.startswith("web-")} != names:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"name": "t", "host": "h", "registers": True}, "username"),
        ({"name": "t", "host": "h;x"}, "host"),
        ({"name": "t", "host": "h", "password": "a;b"}, "semicolon"),
        ({"name": "t", "host": "h", "peers": ["nowhere"]}, "peers"),
        ({"name": "Ünfit", "host": "h"}, "name"),
    ],
)
def test_trunks_that_cannot_be_are_named(settings: dict[str, object], fault: str) -> None:
    with pytest.raises(ConfigInvalid, match=fault):
        decode_settings(Trunk, settings)
