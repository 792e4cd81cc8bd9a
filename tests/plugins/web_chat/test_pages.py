"""Settings, opening hours, the public answers and the form without JavaScript."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.config import decode_settings, plain_settings
from core.errors import ConfigInvalid, SendRejected
from core.events import SendMessage
from plugins.web_chat.config import WebChatConfig, contrast_with_white
from plugins.web_chat.hours import OpeningHours, is_open
from plugins.web_chat.identity import normalized
from plugins.web_chat.tickets import load_key

BEIJING = ZoneInfo("Asia/Shanghai")


def test_the_settings_need_nothing_and_name_every_fault_at_once() -> None:
    assert decode_settings(WebChatConfig, {}).phone == "12345"
    with pytest.raises(ConfigInvalid) as caught:
        decode_settings(WebChatConfig, {"color": "red", "max_text": 0, "hours": [{"opens": "25:00"}], "fancy": 1})
    assert caught.value.faults.keys() == {"color", "max_text", "hours[0].opens", "fancy"}
    bad = {"color": "#ffff00", "identity_key": "short", "timezone": "Mars/Base", "allowed_origins": ["evil.example/"]}
    with pytest.raises(ConfigInvalid) as caught:
        decode_settings(WebChatConfig, bad)
    assert caught.value.faults.keys() == {"color", "identity_key", "timezone", "allowed_origins[0]"}


def test_the_key_is_never_echoed() -> None:
    config = decode_settings(WebChatConfig, {"identity_key": "k" * 32})
    assert "kkk" not in repr(config)
    assert plain_settings(config, reveal=False)["identity_key"] == "***"


def test_contrast_is_computed_as_the_guideline_says() -> None:
    assert contrast_with_white("#000000") == pytest.approx(21)
    assert contrast_with_white("#767676") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(
    ("label", "hours", "beijing", "expected"),
    [
        ("no hours are all hours", [], "2026-03-01T03:00", True),
        ("on a working day", [OpeningHours()], "2026-03-02T08:30", True),
        ("a minute too early", [OpeningHours()], "2026-03-02T08:29", False),
        ("closing time", [OpeningHours()], "2026-03-02T20:30", False),
        ("not on Sundays", [OpeningHours(days=(1, 2, 3, 4, 5, 6))], "2026-03-01T10:00", False),
        ("after midnight", [OpeningHours(days=(1,), opens="20:00", closes="06:00")], "2026-03-03T05:59", True),
        ("the night before", [OpeningHours(days=(1,), opens="20:00", closes="06:00")], "2026-03-02T05:59", False),
        ("Sunday night", [OpeningHours(days=(7,), opens="20:00", closes="06:00")], "2026-03-02T05:59", True),
        ("lunch break", [OpeningHours(closes="12:00"), OpeningHours(opens="13:00")], "2026-03-02T12:30", False),
        ("no day at all", [OpeningHours(days=())], "2026-03-02T12:30", False),
    ],
)
def test_opening_hours(label: str, hours: list[OpeningHours], beijing: str, expected: bool) -> None:
    now = datetime.fromisoformat(beijing).replace(tzinfo=BEIJING).astimezone(UTC)
    assert is_open(hours, BEIJING, now) is expected, label


async def test_the_public_settings_hold_nothing_secret(run_house: Any) -> None:
    async with run_house(identity_key="k" * 32, title_zh="市民热线") as house:
        async with house.http.get(house.path("config")) as answer:
            text = await answer.text()
            config = await answer.json()
        assert config["title"] == {"zh": "市民热线", "en": "Online service"}
        assert config["is_open"] is True
        assert "kkk" not in text


async def test_the_form_works_without_javascript(house: Any) -> None:
    fields = {"name": "王秀英", "phone": "0571-8888 0000", "text": "路灯坏了<script>", "lang": "zh"}
    async with house.http.post(house.path("offline"), data=fields) as answer:
        assert answer.status == 200
        page = await answer.text()
    assert "已收到您的留言" in page
    assert "<script>" not in page
    (event,) = house.hub.received()
    assert event.text == "【留言】路灯坏了<script>\n称呼：王秀英\n联系电话：0571-8888 0000"
    assert (event.profile.name, event.profile.phone, event.profile.is_verified) == ("王秀英", "0571-8888 0000", False)


@pytest.mark.parametrize("fields", [{"text": ""}, {"text": "x", "phone": "call me"}, {"text": "x" * 30_000}, {}])
async def test_a_wrong_form_is_explained(house: Any, fields: dict[str, str]) -> None:
    async with house.http.post(house.path("offline"), data=fields) as answer:
        assert answer.status == 422
        assert "返回" in await answer.text()


async def test_a_form_that_could_not_be_stored_is_not_confirmed(house: Any) -> None:
    house.hub.is_down = True
    async with house.http.post(house.path("offline"), data={"text": "x", "lang": "en"}) as answer:
        assert answer.status == 503
        assert "could not be stored" in await answer.text()


async def test_the_form_in_the_widget_is_acknowledged_like_a_message(house: Any) -> None:
    chat = await house.chat(language="en")
    await chat.send("offline", cid="cid-00001", name="Ann", phone="+44 20", text="The light is broken")
    assert (await chat.next("ack", "refused"))["type"] == "ack"
    (event,) = house.hub.received()
    assert event.text == "[Message left] The light is broken\nName: Ann\nPhone: +44 20"


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("web:" + "0" * 32, "web:" + "0" * 32),
        (" WEB:U-" + "A" * 32, "web:u-" + "a" * 32),
        ("f" * 32, "web:" + "f" * 32),
        ("web:x", None),
        ("tel:+8612345", None),
        ("", None),
    ],
)
def test_addresses_have_one_form(given: str, canonical: str | None) -> None:
    if canonical is None:
        with pytest.raises(ValueError, match="not a web chat address"):
            normalized(given)
    else:
        assert normalized(given) == normalized(normalized(given)) == canonical


async def test_an_order_to_no_address_is_refused_and_one_to_nobody_connected_is_fine(house: Any) -> None:
    with pytest.raises(SendRejected, match="not a web chat address"):
        await house.channel.send(SendMessage(message_id="m-1", recipient="tel:+86", text="x"))
    assert await house.channel.send(SendMessage(message_id="m-2", recipient="web:" + "0" * 32, text="x")) == "m-2"


def test_the_signing_key_is_made_once_kept_private_and_remade_when_cut_short(tmp_path: Any) -> None:
    path = tmp_path / "files.key"
    key = load_key(path)
    assert load_key(path) == key
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(b"short")
    assert load_key(path) != key


async def test_who_comes_a_moment_before_the_channel_runs_is_let_in_once_it_does(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.web_chat.reception.STARTING_S", 60.0)
    reception = house.channel._reception
    reception.close()
    reception._opened.clear()
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(house.http.get(house.path("config")))
        async with asyncio.timeout(30):
            while not reception._opened._waiters:
                await asyncio.sleep(0.01)
        reception.open(reception.tickets)
    async with asked.result() as answer:
        assert answer.status == 200


async def test_after_it_stopped_the_channel_lets_nobody_in(house: Any) -> None:
    house.channel._reception.close()
    async with house.http.get(house.path("config")) as answer:
        assert answer.status == 503
        assert (await answer.json())["error"]["code"] == "not_ready"
