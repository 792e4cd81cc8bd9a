"""Settings: what is accepted, and that every fault is named where it stands."""

from typing import Any

import pytest

from core.config import decode_settings, settings_schema
from core.errors import ConfigInvalid
from plugins.sms.config import SmsConfig

SMPP = {"protocol": "smpp", "host": "smsc.example", "system_id": "hotline", "password": "secret"}
KANNEL = {"protocol": "kannel", "url": "http://k:13013/cgi-bin/sendsms", "username": "u", "password": "p"}
HTTP = {"protocol": "http", "url": "https://sms.example/send", "callback_key": "0123456789abcdef"}


@pytest.mark.parametrize("backend", [SMPP, {**KANNEL, "callback_key": "0123456789abcdef"}, HTTP])
def test_what_has_to_be_said_is_enough(backend: dict[str, Any]) -> None:
    config = decode_settings(SmsConfig, {"backend": backend})
    assert config.opt_out_words[0] == "TD"


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"backend": {**SMPP, "port": 0}}, "backend.port"),
        ({"backend": {**SMPP, "protocol": "smpp5"}}, "backend.protocol"),
        ({"backend": {**KANNEL, "callback_key": "short"}}, "backend.callback_key"),
        ({"backend": {**HTTP, "body": '{"to": {to}}'}}, "backend.body"),
        ({"backend": {**SMPP, "tls": "verified", "tls_ca_file": "/no/such/file"}}, "backend.tls_ca_file"),
        ({"backend": SMPP, "sender": "much too long a name"}, "sender"),
        ({"backend": SMPP, "sender_rules": [{"prefix": "+49", "sender": "名字"}]}, "sender_rules[0].sender"),
        ({"backend": SMPP, "region": "XX"}, "region"),
        ({"backend": SMPP, "price_per_segment": "-0.05"}, "price_per_segment"),
        ({"backend": SMPP, "price_per_segment": "0,05"}, "price_per_segment"),
        ({"backend": SMPP, "currency": "yuan"}, "currency"),
        ({"backend": SMPP, "timezone": "Moon/Base"}, "timezone"),
        ({"backend": SMPP, "quiet_hours": {"start": "25:00"}}, "quiet_hours.start"),
        ({"backend": SMPP, "opt_out_words": ["TD", " "]}, "opt_out_words"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        decode_settings(SmsConfig, settings)
    assert path in caught.value.faults


def test_the_form_hides_every_secret() -> None:
    definitions = settings_schema(SmsConfig)["$defs"]
    hidden = {
        (name, field)
        for name, definition in definitions.items()
        for field, part in definition.get("properties", {}).items()
        if part.get("x-secret")
    }
    assert hidden >= {
        ("SmppSettings", "password"),
        ("CmppSettings", "secret"),
        ("KannelSettings", "password"),
        ("KannelSettings", "callback_key"),
        ("Header", "value"),
        ("HttpSettings", "key"),
    }
