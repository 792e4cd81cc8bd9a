"""Only the platform gets in: by its own published samples, and against those who forge, listen in and repeat."""

import time
from typing import Any

import pytest

from core.config import decode_settings
from core.errors import ConfigInvalid
from plugins.wechat.config import WeChatConfig
from plugins.wechat.crypto import CallbackCipher, NotForUs, is_signed, signature
from tests.plugins.memory_link import MemoryLink
from tests.plugins.wechat.platform import (
    AES_KEY,
    APP_ID,
    APP_SECRET,
    TOKEN,
    CompatiblePlatform,
    KfPlatform,
    OfficialPlatform,
    PlainPlatform,
    written,
    xml,
)

# the samples of WeCom's page "加解密方案说明" and of its sample code
ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="


def test_the_published_sample_is_signed_and_opens() -> None:
    given = "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    assert is_signed(given, "QDG6eK", "1409659589", "263014780", ECHO)
    assert CallbackCipher(AES_KEY, APP_ID).decrypt(ECHO) == b"1616140317555161061"


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 31, 32, 33, 4000])
def test_what_was_closed_opens_again(length: int) -> None:
    cipher = CallbackCipher(AES_KEY, APP_ID)
    assert cipher.decrypt(cipher.encrypt(b"x" * length)) == b"x" * length


@pytest.mark.parametrize("damaged", ["", "AAAA", "not base64!", "é", ECHO[:-24], ECHO[24:], "A" * 43 + "="])
def test_what_is_damaged_stays_shut(damaged: str) -> None:
    with pytest.raises(NotForUs):
        CallbackCipher(AES_KEY, APP_ID).decrypt(damaged)


def test_what_is_for_somebody_else_stays_shut() -> None:
    sealed = CallbackCipher(AES_KEY, "wx0000000000000000").encrypt(b"x")
    with pytest.raises(NotForUs):
        CallbackCipher(AES_KEY, APP_ID).decrypt(sealed)


async def test_the_platform_is_greeted(account: Any) -> None:
    for peer in (OfficialPlatform(), PlainPlatform()):
        async with account(peer):
            query, _ = peer.sealed(b"")
            assert await peer.raw("GET", {**query, "echostr": "4711"}) == (200, "4711")
            assert (await peer.raw("GET", {**query, "signature": "0" * 40, "echostr": "4711"}))[0] == 403
        await peer.stop()


async def test_wecom_is_greeted_with_what_it_encrypted(kf: KfPlatform, account: Any) -> None:
    async with account(kf):
        query, _ = kf.sealed(b"")
        echo = CallbackCipher(AES_KEY, kf.receiver).encrypt(b"1616140317555161061")
        query["msg_signature"] = signature(TOKEN, query["timestamp"], query["nonce"], echo)
        assert await kf.raw("GET", {**query, "echostr": echo}) == (200, "1616140317555161061")
        assert (await kf.raw("GET", {**query, "echostr": echo[::-1]}))[0] == 403


@pytest.mark.parametrize("kind", [OfficialPlatform, PlainPlatform, CompatiblePlatform])
async def test_forged_and_stale_callbacks_are_refused(kind: Any, link: MemoryLink, account: Any) -> None:
    peer = kind()
    name = "signature" if peer.mode == "plain" else "msg_signature"
    async with account(peer):
        message = xml(written(Content="假的"))
        assert (await peer.post(message, **{name: "0" * 40}))[0] == 403
        assert (await peer.post(message, timestamp="1"))[0] == 403
        query, body = peer.sealed(message, time_s=int(time.time()) - 400)
        assert (await peer.raw("POST", query, body))[0] == 403
        query, body = peer.sealed(message, time_s=int(time.time()) - 200)
        assert (await peer.raw("POST", query, body))[0] == 200
    await peer.stop()
    assert len(link.messages) == 1


async def test_a_signature_that_was_listened_to_is_good_for_nothing_else(link: MemoryLink, account: Any) -> None:
    peer = PlainPlatform()
    async with account(peer):
        query, body = peer.sealed(xml(written(Content="真的")))
        assert (await peer.raw("POST", query, body))[0] == 200
        assert (await peer.raw("POST", query, xml(written(Content="假的", number=2))))[0] == 403
        assert (await peer.raw("POST", query, body))[0] == 200, "the platform repeats itself word by word"
    await peer.stop()
    assert [one.text for one in link.messages] == ["真的"]


async def test_what_is_encrypted_for_another_account_is_refused(official: OfficialPlatform, account: Any) -> None:
    async with account(official):
        official.receiver = "wx0000000000000000"
        assert (await official.post(xml(written(Content="x"))))[0] == 403


async def test_plain_text_is_refused_where_encryption_is_agreed(official: OfficialPlatform, account: Any) -> None:
    async with account(official):
        query, _ = official.sealed(b"")
        assert (await official.raw("POST", query, xml(written(Content="x"))))[0] == 403


def test_settings_name_every_fault() -> None:
    raw = {
        "account": {
            "kind": "official_account",
            "app_id": APP_ID,
            "app_secret": APP_SECRET,
            "token": "?",
            "aes_key": "short",
            "menu": [{"name": "办事", "key": "1", "url": "https://x"}],
            "reply_template": {"template_id": "template-1", "fields": {"thing1": "x"}},
        },
        "api_url": "ftp://x",
    }
    with pytest.raises(ConfigInvalid) as caught:
        decode_settings(WeChatConfig, raw)
    paths = {path.removeprefix("account.") for path in caught.value.faults}
    assert {"token", "aes_key", "menu[0]", "reply_template.fields"} <= paths
