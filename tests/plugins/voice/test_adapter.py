"""The channel around the calls: who may not, what is away, the browsers' way to SIP, numbers and causes."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from core.config import decode_settings
from core.errors import ChannelAuthFailed, ChannelNotReady, ConfigInvalid, SendRejected
from core.events import SendMessage
from core.host.inspect import NoLink
from plugins.voice.adapter import Voice
from plugins.voice.config import VoiceConfig
from plugins.voice.numbers import Way, address, shown_name, ways
from tests.plugins.voice.support.engine import Board
from tests.plugins.voice.support.phone import Phone
from tests.plugins.voice.support.stage import stage

OPTIONS = """OPTIONS sip:lianxin.invalid SIP/2.0
Via: SIP/2.0/WS browser.invalid;branch=z9hG4bKabc
Max-Forwards: 70
From: <sip:someone@lianxin.invalid>;tag=1
To: <sip:lianxin.invalid>
Call-ID: over-a-socket
CSeq: 1 OPTIONS
Content-Length: 0

""".replace("\n", "\r\n")
LINES = [{"name": "first", "host": "192.0.2.1"}, {"name": "second", "host": "192.0.2.2"}]


def config(**settings: object) -> VoiceConfig:
    return decode_settings(VoiceConfig, {"trunks": LINES, **settings})


async def test_a_wrong_password_and_an_absent_engine_are_told_apart(board: Board, tmp_path: Path) -> None:
    url = board.engine.access.url
    wrong = config(ari_url=url, ari_username="lianxin", ari_password="wrong")
    with pytest.raises(ChannelAuthFailed):
        await Voice(wrong, NoLink(tmp_path)).run()
    with pytest.raises(ChannelAuthFailed):
        await Voice(wrong, NoLink(tmp_path)).probe()
    with pytest.raises(ChannelNotReady):
        await Voice(config(ari_url="http://127.0.0.1:9"), NoLink(tmp_path)).run()


async def test_a_browser_speaks_sip_through_the_plugin_and_nothing_else(board: Board, tmp_path: Path) -> None:
    async with Phone(board.sip, "trunk") as trunk, stage(board, tmp_path, trunk) as made:
        path = f"{made.http}/channels/the-instance/sip"
        async with aiohttp.ClientSession() as browser:
            async with browser.get(path) as answer:
                assert answer.status == 426
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await browser.ws_connect(path, protocols=("chat",))
            assert refused.value.status == 400
            async with browser.ws_connect(path, protocols=("sip",)) as socket, asyncio.timeout(30):
                assert socket.protocol == "sip"
                await socket.send_str(OPTIONS)
                answered = await socket.receive()
                text = answered.data if isinstance(answered.data, str) else answered.data.decode()
                assert text.startswith("SIP/2.0 401 "), "the trunk has the proxy's address, but is not taken for it"
                await socket.send_str("x" * 70_000)
                assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


async def test_text_is_not_sent_by_telephone(tmp_path: Path) -> None:
    with pytest.raises(SendRejected) as rejected:
        await Voice(config(), NoLink(tmp_path)).send(SendMessage(message_id="m", recipient="tel:12345", text="x"))
    assert rejected.value.code == "no_text"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("13800138000", "tel:+8613800138000"),
        ("tel:+8613800138000", "tel:+8613800138000"),
        ("008613800138000", "tel:+8613800138000"),
        ("010-8888 8888", "tel:+861088888888"),
        ("88888888", "tel:+861088888888"),
        ("12345", "tel:12345"),
        ("anonymous", None),
        ("<b>1</b>", None),
        ("1" * 40, None),
    ],
)
def test_numbers_have_one_form(written: str, meant: str | None) -> None:
    if meant is None:
        with pytest.raises(ValueError, match="telephone number"):
            address(written, area="10")
    else:
        assert address(written, area="10") == meant
        assert address(meant, area="10") == meant


def test_the_longest_prefix_chooses_the_lines_and_those_that_are_down_come_last() -> None:
    routes = [
        {"trunks": ["first", "second"], "caller_id": "12345"},
        {"prefix": "+8610", "trunks": ["second"], "dialled_as": "e164", "prepend": "9"},
    ]
    settings = config(routes=routes)
    assert ways("+861012345678", settings) == (Way("PJSIP/9+861012345678@second", trunk="second"),)
    assert [way.endpoint for way in ways("+8613800138000", settings)] == [
        "PJSIP/13800138000@first",
        "PJSIP/13800138000@second",
    ]
    assert [way.endpoint for way in ways("+4930123456", settings, down={"first"})] == [
        "PJSIP/004930123456@second",
        "PJSIP/004930123456@first",
    ]
    assert ways("1&PJSIP/boss", settings) == ()


def test_a_name_keeps_no_markup() -> None:
    assert shown_name('<script>alert(1)</script>"王\x00 芳"') == "alert(1)王 芳"


def test_faults_in_settings_are_named() -> None:
    with pytest.raises(ConfigInvalid) as invalid:
        config(routes=[{"trunks": ["third"]}], trunks=[*LINES, LINES[0]])
    assert set(invalid.value.faults) == {"trunks[2].name", "routes[0].trunks"}
