"""Settings of an SMS connection: how the carrier is reached, and rules that are the same for every carrier."""

from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from msgspec import Meta

from core.channel import ChannelConfig
from core.config import Secret, Settings
from core.errors import ConfigInvalid
from plugins.sms.hours import is_clock_time
from plugins.sms.numbers import is_sender
from plugins.sms.templates import template_fault
from plugins.sms.texts import OPT_IN_WORDS, OPT_OUT_WORDS, Language
from plugins.sms.wire.receipts import IdForm

Port = Annotated[int, Meta(ge=1, le=65_535)]
Seconds = Annotated[float, Meta(gt=0, le=3600)]
AnswerSeconds = Annotated[float, Meta(gt=0, le=20)]  # the host gives a whole send 60 s
Octet = Annotated[int, Meta(ge=0, le=255)]
Host = Annotated[str, Meta(min_length=1, max_length=253)]
Url = Annotated[str, Meta(pattern=r"\Ahttps?://[^\s/]+\S*\Z", max_length=2000)]
MIN_CALLBACK_KEY: Final = 16


class SmppSettings(Settings, frozen=True, kw_only=True, tag="smpp", tag_field="protocol"):
    """A carrier's SMSC, by SMPP 3.4."""

    host: Host
    port: Port = 2775
    system_id: Annotated[str, Meta(min_length=1, max_length=15)]
    password: Secret = Secret("")
    system_type: Annotated[str, Meta(max_length=12)] = ""
    address_range: Annotated[str, Meta(max_length=40)] = ""
    bind: Literal["transceiver", "transmitter_and_receiver", "transmitter", "receiver"] = "transceiver"
    tls: Literal["off", "verified", "unverified"] = "off"
    tls_ca_file: str = ""  # PEM; empty: the system's
    window: Annotated[int, Meta(ge=1, le=1000)] = 10
    max_per_second: Annotated[float, Meta(ge=0)] = 0.0  # parts; 0: no limit of ours
    answer_s: AnswerSeconds = 15.0
    enquire_s: Seconds = 30.0
    service_type: Annotated[str, Meta(max_length=5)] = ""
    validity: Annotated[str, Meta(pattern=r"\A([0-9]{12}[0-9]{3}[-+R])?\Z")] = ""
    source_ton: Octet | None = None  # None: 5 for names, 3 for short codes, else 1
    source_npi: Octet | None = None
    destination_ton: Octet = 1
    destination_npi: Octet = 1
    default_alphabet: Literal["gsm7", "ascii", "latin1", "ucs2"] = "gsm7"  # what the SMSC means by data_coding 0
    long_messages: Literal["udh_8", "udh_16", "sar", "payload"] = "udh_8"
    receipt_ids: IdForm = "same"


class CmppSettings(Settings, frozen=True, kw_only=True, tag="cmpp", tag_field="protocol"):
    """A Chinese carrier's gateway, by CMPP 2.0 or 3.0."""

    host: Host
    port: Port = 7890
    version: Literal["2.0", "3.0"] = "2.0"
    sp_id: Annotated[str, Meta(min_length=1, max_length=6)]
    secret: Secret
    service_id: Annotated[str, Meta(max_length=10)] = ""
    fee_code: Annotated[str, Meta(pattern=r"\A[0-9]{0,6}\Z")] = "0"
    fee_type: Annotated[str, Meta(pattern=r"\A[0-9]{0,2}\Z")] = "01"
    text_format: Literal["ucs2", "gb18030"] = "ucs2"
    checks_gateway: bool = False  # many gateways sign their answer wrongly
    window: Annotated[int, Meta(ge=1, le=1000)] = 16
    max_per_second: Annotated[float, Meta(ge=0)] = 0.0
    answer_s: AnswerSeconds = 15.0
    active_test_s: Seconds = 60.0


class KannelSettings(Settings, frozen=True, kw_only=True, tag="kannel", tag_field="protocol"):
    """A Kannel gateway, by its HTTP interface."""

    url: Url  # of sendsms, http://gateway:13013/cgi-bin/sendsms
    username: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Secret
    smsc: Annotated[str, Meta(max_length=64)] = ""
    callback_url: Annotated[str, Meta(pattern=r"\A(https?://[^\s/]+\S*)?\Z", max_length=2000)] = ""
    callback_key: Secret
    answer_s: AnswerSeconds = 15.0
    check_s: Seconds = 10.0  # how often we look whether the gateway is there


class Header(Settings, frozen=True, kw_only=True):
    """One HTTP header; its value is kept like a password."""

    name: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9-]{1,64}\Z")]
    value: Secret


class Meaning(Settings, frozen=True, kw_only=True):
    """What one word of the gateway means."""

    word: Annotated[str, Meta(min_length=1, max_length=100)]
    means: Literal["delivered", "failed", "pending", "unknown"]


class HttpSettings(Settings, frozen=True, kw_only=True, tag="http", tag_field="protocol"):
    """Any other HTTP gateway; fields of JSON are named by path, ``data.0.id``."""

    url: Url  # may contain {to}, {text}, {sender}, {message_id}, {key}; so may the body
    method: Literal["GET", "POST", "PUT"] = "POST"
    body_format: Literal["none", "form", "json"] = "json"
    body: Annotated[str, Meta(max_length=10_000)] = '{"to": "{to}", "text": "{text}", "id": "{message_id}"}'
    headers: tuple[Header, ...] = ()
    key: Secret = Secret("")  # what {key} stands for
    number_form: Literal["e164", "digits", "national"] = "e164"
    counting: Literal["by_alphabet", "always_70"] = "by_alphabet"  # always_70: characters a segment, Latin ones too
    ok_field: str = ""  # empty: any status 2xx is success
    ok_values: tuple[str, ...] = ("0",)
    id_field: str = ""  # empty: our own message id
    error_field: str = ""
    retry_values: tuple[str, ...] = ()  # error words that mean: try again later
    callback_key: Secret
    in_source_field: str = "from"
    in_destination_field: str = "to"
    in_text_field: str = "text"
    in_id_field: str = "id"
    report_id_field: str = "id"
    report_state_field: str = "status"
    report_states: tuple[Meaning, ...] = (Meaning(word="DELIVRD", means="delivered"),)
    answer: Annotated[str, Meta(max_length=1000)] = "OK"  # what callbacks are answered with
    answer_s: AnswerSeconds = 15.0
    check_s: Seconds = 10.0


class SenderRule(Settings, frozen=True, kw_only=True):
    """Recipients whose number begins with ``prefix`` (``+49``, ``+86170``) see ``sender``."""

    prefix: Annotated[str, Meta(pattern=r"\A\+?[0-9]{1,15}\Z")]
    sender: Annotated[str, Meta(min_length=1, max_length=21)]


class QuietHours(Settings, frozen=True, kw_only=True):
    """When automatic messages wait; ``start`` after ``end`` goes over midnight."""

    start: str = "22:00"
    end: str = "08:00"


class SmsConfig(ChannelConfig, frozen=True, kw_only=True):
    """One connection to one carrier."""

    backend: SmppSettings | CmppSettings | KannelSettings | HttpSettings
    sender: Annotated[str, Meta(max_length=21)] = ""  # our number at the carrier; empty: the carrier sets it
    sender_rules: tuple[SenderRule, ...] = ()  # the longest matching prefix goes first
    region: Annotated[str, Meta(pattern=r"\A[A-Z]{2}\Z")] = "CN"
    receipts: bool = True
    receipt_days: Annotated[int, Meta(ge=1, le=30)] = 3
    max_parts: Annotated[int, Meta(ge=1, le=255)] = 10
    parts_wait_s: Annotated[float, Meta(ge=1, le=86_400)] = 600.0
    sms_signature: Annotated[str, Meta(max_length=40)] = ""  # put before every text, as Chinese carriers demand
    carrier_signs: bool = False  # the carrier puts sms_signature there itself: it counts, and we leave it out
    price_per_segment: Annotated[str, Meta(pattern=r"\A([0-9]{1,6}(\.[0-9]{1,6})?)?\Z")] = ""  # empty: not known
    currency: Annotated[str, Meta(pattern=r"\A[A-Z]{3}\Z")] = "CNY"  # ISO 4217
    language: Language = "zh"  # of what the channel itself writes
    opt_out_words: tuple[str, ...] = OPT_OUT_WORDS
    opt_in_words: tuple[str, ...] = OPT_IN_WORDS
    quiet_hours: QuietHours | None = None
    timezone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        faults: dict[str, str] = {}
        if self.sender and not is_sender(self.sender):
            faults["sender"] = "digits, or up to eleven letters and digits"
        for number, rule in enumerate(self.sender_rules):
            if not is_sender(rule.sender):
                faults[f"sender_rules[{number}].sender"] = "digits, or up to eleven letters and digits"
        if self.region not in phonenumbers.SUPPORTED_REGIONS:
            faults["region"] = "no such country (ISO 3166, CN)"
        for name in ("opt_out_words", "opt_in_words"):
            if any(not word.strip() for word in getattr(self, name)):
                faults[name] = "a word is empty"
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            faults["timezone"] = "no such time zone"
        if self.quiet_hours is not None:
            for name in ("start", "end"):
                if not is_clock_time(getattr(self.quiet_hours, name)):
                    faults[f"quiet_hours.{name}"] = "write it as 22:00"
        faults.update(_backend_faults(self.backend))
        if faults:
            raise ConfigInvalid(faults)


def _backend_faults(backend: SmppSettings | CmppSettings | KannelSettings | HttpSettings) -> dict[str, str]:
    match backend:
        case SmppSettings(tls="verified", tls_ca_file=path) if path and not Path(path).is_file():
            return {"backend.tls_ca_file": "no such file"}
        case HttpSettings() if fault := template_fault(backend.url, backend.body, backend.body_format):
            return {f"backend.{fault[0]}": fault[1]}
        case KannelSettings() | HttpSettings() if len(backend.callback_key.reveal()) < MIN_CALLBACK_KEY:
            return {"backend.callback_key": f"needs at least {MIN_CALLBACK_KEY} characters"}
        case _:
            return {}
