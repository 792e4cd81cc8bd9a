"""Our own check of who sends, for mails that come straight from outside: SPF (RFC 7208), DKIM (6376), DMARC (7489)."""

import asyncio
import ipaddress
import logging
import math
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import dkim  # type: ignore[import-untyped]
import dns.exception
import dns.resolver
import msgspec
import spf  # type: ignore[import-untyped]

from plugins.email.verdicts import Verdicts, is_aligned

log = logging.getLogger(__name__)

LIMIT_S: Final = 15.0  # for one mail, all questions to the DNS together
ASKING_S: Final = 10.0  # of that, for its questions: then its thread is free again
LOOKUP_S: Final = 4.0
AT_ONCE: Final = 16
MAX_BYTES: Final = 20_971_520  # what is longer is not hashed
MAX_SIGNATURES: Final = 5
_POLICY: Final = re.compile(r"^v\s*=\s*DMARC1\s*;.*\bp\s*=\s*(none|quarantine|reject)\b", re.IGNORECASE | re.DOTALL)

Strings = tuple[bytes, ...]


class Origin(msgspec.Struct, frozen=True):
    """Where a mail came from: the client's address, the name it gives itself, and MAIL FROM."""

    client: str
    helo: str
    mail_from: str


class Dns:
    """Questions to the name servers given as ``host`` or ``host:port``, else to those of the system."""

    def __init__(self, servers: tuple[str, ...]) -> None:
        self._resolver = dns.resolver.Resolver(configure=not servers)
        if servers:
            hosts = [_host_and_port(server) for server in servers]
            self._resolver.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in hosts]
        self._mail = threading.local()  # until when its questions may take

    def begin(self) -> None:
        """Begin with another mail in this thread: all its questions together take ``ASKING_S`` at most."""
        self._mail.until = time.monotonic() + ASKING_S

    def ask(self, name: str, kind: str) -> list[Any]:
        """Return the data of the records; none when there are none, DNSException when nobody can tell."""
        left_s = getattr(self._mail, "until", math.inf) - time.monotonic()
        if left_s <= 0:
            raise dns.exception.Timeout
        try:
            lifetime_s = min(LOOKUP_S, left_s)
            answer = self._resolver.resolve(name, kind, lifetime=lifetime_s, search=False, raise_on_no_answer=False)
        except (dns.resolver.NXDOMAIN, dns.name.LabelTooLong, dns.name.EmptyLabel, dns.name.NameTooLong):
            return []
        return list(answer)

    def texts(self, name: str) -> list[bytes]:
        """Return the TXT records, each in one piece."""
        return [b"".join(one.strings) for one in self.ask(name, "TXT")]


class _Query(spf.query):  # type: ignore[misc]
    """An SPF evaluation that asks ``lookups`` (the library's own way is gone from dnspython)."""

    def __init__(self, lookups: Dns, origin: Origin) -> None:
        super().__init__(i=origin.client, s=origin.mail_from, h=origin.helo)
        self._lookups = lookups

    def dns(self, name: Any, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[Any]:
        """Return what ``spf.query.dns`` would."""
        try:
            found = [_READ[qtype](one) for one in self._lookups.ask(str(name).rstrip("."), qtype)]
        except dns.exception.DNSException as error:
            raise spf.TempError(f"DNS: {type(error).__name__}") from error
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("too many lookups that found nothing")
        return found


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "A": lambda one: one.address,
    "AAAA": lambda one: one.address,
    "MX": lambda one: (one.preference, one.exchange.to_text(True)),
    "PTR": lambda one: one.target.to_text(True),
    "TXT": lambda one: one.strings,
    "SPF": lambda one: one.strings,
}


class Authentication:
    """Checks each mail in a thread."""

    def __init__(self, servers: tuple[str, ...]) -> None:
        self._dns = Dns(servers)
        self._threads = ThreadPoolExecutor(AT_ONCE, "senders")  # slow name servers hold up nothing else

    async def check(self, raw: bytes, origin: Origin, sender: str) -> Verdicts:
        """Return what the DNS says of a mail that shows ``sender``; ``temperror`` when it did not answer in time."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LIMIT_S):
                return await loop.run_in_executor(self._threads, self._check, raw, origin, sender)
        except TimeoutError:
            return Verdicts(words={"spf": "temperror", "dkim": "temperror"})

    def _check(self, raw: bytes, origin: Origin, sender: str) -> Verdicts:
        self._dns.begin()
        words: dict[str, str] = {}
        aligned: set[str] = set()
        words["spf"] = self._spf(origin)
        domain = origin.mail_from.rpartition("@")[2] or origin.helo
        if words["spf"] == "pass" and is_aligned(domain, sender):
            aligned.add("spf")
        words["dkim"], signers = self._dkim(raw)
        if any(is_aligned(signer, sender) for signer in signers):
            aligned.add("dkim")
        if (policy := self._policy(sender.rpartition("@")[2])) is not None:
            # a domain that only watches asks nobody to distrust its mails
            words["dmarc"] = "pass" if aligned else "none" if policy == "none" else "fail"
        return Verdicts(words=words, aligned=frozenset(aligned))

    def _spf(self, origin: Origin) -> str:
        try:
            ipaddress.ip_address(origin.client)
            return str(_Query(self._dns, origin).check()[0])
        except Exception as error:  # whatever a stranger's record does to the library
            log.warning("an SPF record could not be evaluated: %s", type(error).__name__)
            return "permerror"

    def _dkim(self, raw: bytes) -> tuple[str, list[str]]:
        """Return the best result of the signatures, and the domains whose signature holds."""
        if len(raw) > MAX_BYTES:
            return "neutral", []
        found: list[str] = []
        signers: list[str] = []
        try:
            mail = dkim.DKIM(raw, timeout=LOOKUP_S)
            count = sum(1 for name, _ in mail.headers if name.lower() == b"dkim-signature")
            for number in range(min(count, MAX_SIGNATURES)):
                found.append(self._signature(mail, number))
                if found[-1] == "pass":
                    signers.append(mail.domain.decode("ascii", "replace"))
        except Exception as error:  # as above: every field of the mail is a stranger's
            log.warning("a DKIM signature could not be read: %s", type(error).__name__)
            found.append("permerror")
        return next(
            (word for word in ("pass", "fail", "temperror", "permerror", "neutral") if word in found), "none"
        ), signers

    def _signature(self, mail: Any, number: int) -> str:
        try:
            holds = mail.verify(idx=number, dnsfunc=self._key)
        except dns.exception.DNSException:
            return "temperror"
        except dkim.DKIMException as error:
            return "fail" if str(error).startswith("body hash mismatch") else "permerror"
        if b"l" in mail.signature_fields:
            return "neutral"  # it speaks of the beginning of the mail only: anything may follow
        return "pass" if holds else "fail"

    def _key(self, name: bytes, timeout: float = LOOKUP_S) -> bytes | None:
        return next(iter(self._dns.texts(name.decode("ascii", "replace").rstrip("."))), None)

    def _policy(self, domain: str) -> str | None:
        """Return what the domain, or the nearest above it that says anything, wants done with forged mails."""
        labels = domain.lower().strip(".").split(".")
        for start in range(max(1, min(len(labels) - 1, 4))):
            try:
                texts = self._dns.texts(f"_dmarc.{'.'.join(labels[start:])}")
            except dns.exception.DNSException:
                return None
            for text in texts:
                if match := _POLICY.match(text.decode("ascii", "replace")):
                    return match[1].lower()
        return None


def _host_and_port(server: str) -> tuple[str, int]:
    host, colon, port = server.rpartition(":")
    return (host.strip("[]"), int(port)) if colon and port.isdigit() and "]" not in port else (server, 53)
