"""Who may knock: callbacks are signed, fresh, not heard before and, as far as the account is set so, encrypted."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from core.clock import Clock
from core.webhooks import Refused
from plugins.wechat.config import CustomerService, OfficialAccount
from plugins.wechat.crypto import CallbackCipher, NotForUs, is_signed
from plugins.wechat.told import Unreadable
from plugins.wechat.wire import parse_xml

MAX_HEARD: Final = 20_000  # within the time a callback may be old; 60 a second


class Door:
    """Checks callbacks of one account and opens what is encrypted."""

    def __init__(self, account: OfficialAccount | CustomerService, clock: Clock, max_skew_s: float) -> None:
        self._token = account.token.reveal()
        self._is_wecom = isinstance(account, CustomerService)
        self._cipher = CallbackCipher(account.aes_key.reveal(), account.receiver) if account.is_encrypted else None
        self._clock = clock
        self._max_skew_s = max_skew_s
        self._heard: OrderedDict[tuple[str, str, str], bytes] = OrderedDict()

    def greet(self, query: Mapping[str, str]) -> str:
        """Return what the platform wants to hear when it tries the address; Refused to strangers."""
        echo = query.get("echostr", "")
        if self._cipher is not None and self._is_wecom:
            self._check(query, "msg_signature", echo)
            try:
                return self._cipher.decrypt(echo).decode("utf-8", "replace")
            except NotForUs as error:
                raise Refused(403, "not_for_us", str(error)) from error
        self._check(query, "signature")
        return echo

    def open(self, query: Mapping[str, str], body: bytes) -> bytes:
        """Return the message in a callback; Refused unless the platform sent it, lately, to us."""
        if self._cipher is None:
            self._check(query, "signature")
            self._note(query, "signature", body)
            return body
        try:
            encrypted = parse_xml(body).get("Encrypt", "")
        except Unreadable as error:
            raise Refused(400, "unreadable", str(error)) from error
        self._check(query, "msg_signature", encrypted)
        self._note(query, "msg_signature", encrypted.encode())
        try:
            return self._cipher.decrypt(encrypted)
        except NotForUs as error:
            raise Refused(403, "not_for_us", str(error)) from error

    def _check(self, query: Mapping[str, str], name: str, *more: str) -> None:
        time_s, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not is_signed(query.get(name, ""), self._token, time_s, nonce, *more):
            raise Refused(403, "bad_signature", "not from WeChat, or signed with another token")
        if not (time_s.isascii() and time_s.isdigit() and len(time_s) <= 12):
            raise Refused(403, "stale", "without a time")
        if abs(self._clock.now().timestamp() - int(time_s)) > self._max_skew_s:
            raise Refused(403, "stale", "too old: is this machine's clock right?")

    def _note(self, query: Mapping[str, str], name: str, said: bytes) -> None:
        """Remember a signature; the platform repeats itself word by word, somebody else who listened in does not."""
        key = (query[name], query["timestamp"], query["nonce"])
        digest = hashlib.sha256(said).digest()
        if self._heard.setdefault(key, digest) != digest:
            raise Refused(403, "replayed", "a signature that was used for something else")
        if len(self._heard) > MAX_HEARD:
            self._heard.popitem(last=False)
