"""Who sends is checked by the DNS, asked over the network, when mails come straight from outside."""

import asyncio
import smtplib
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import dkim  # type: ignore[import-untyped]
import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from core.config import decode_settings
from plugins.email.adapter import EmailChannel
from plugins.email.authentication import Authentication, Origin
from plugins.email.config import EmailConfig
from tests.plugins.email.corpus import mail
from tests.plugins.email.far_end import ADDRESS, Relay, until_open
from tests.plugins.memory_link import MemoryLink, running

KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = dkim.base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
ZONE = {
    ("example.cn", "TXT"): ['"v=spf1 ip4:192.0.2.1 include:relay.example -all"'],
    ("relay.example", "TXT"): ['"v=spf1 mx -all"'],
    ("relay.example", "MX"): ["10 mx.relay.example."],
    ("mx.relay.example", "A"): ["192.0.2.2"],
    ("soft.example", "TXT"): ['"v=spf1 ~all"'],
    ("loop.example", "TXT"): ['"v=spf1 include:loop.example -all"'],
    ("evil.example", "TXT"): ['"v=spf1 ip4:192.0.2.66 ip4:127.0.0.1 -all"'],
    ("s._domainkey.example.cn", "TXT"): [f'"v=DKIM1; k=rsa; " "p={PUBLIC[:200]}" "{PUBLIC[200:]}"'],
    ("_dmarc.strict.example", "TXT"): ['"v=DMARC1; p=reject"'],
    ("_dmarc.watching.example", "TXT"): ['"v=DMARC1; p=none"'],
}
KNOWN = {name for name, _ in ZONE}


class _Handler(socketserver.BaseRequestHandler):
    """Answers from the zone; of names below ``broken.example`` it says that it has failed."""

    def handle(self) -> None:
        data, socket = self.request
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(True).lower(), dns.rdatatype.to_text(question.rdtype)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if name.endswith("broken.example"):
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif texts := ZONE.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))
        elif name not in KNOWN:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        socket.sendto(answer.to_wire(), self.client_address)


@pytest.fixture(scope="module")
def name_server() -> Iterator[str]:
    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def _signed(raw: bytes) -> bytes:
    return bytes(dkim.sign(raw, b"s", b"example.cn", PEM, include_headers=[b"from", b"subject"])) + raw


@pytest.mark.parametrize(
    ("client", "mail_from", "sender", "found"),
    [
        ("192.0.2.1", "lin@example.cn", "lin@example.cn", ("pass", "passed")),
        ("192.0.2.2", "lin@example.cn", "lin@example.cn", ("pass", "passed")),
        ("192.0.2.3", "lin@example.cn", "lin@example.cn", ("fail", "failed")),
        ("192.0.2.66", "x@evil.example", "lin@example.cn", ("pass", "unknown")),
        ("192.0.2.66", "x@evil.example", "lin@strict.example", ("pass", "failed")),
        ("192.0.2.66", "x@evil.example", "lin@watching.example", ("pass", "unknown")),
        ("192.0.2.3", "x@soft.example", "x@soft.example", ("softfail", "unknown")),
        ("192.0.2.3", "x@nothing.example", "x@nothing.example", ("none", "unknown")),
        ("192.0.2.3", "x@loop.example", "x@loop.example", ("permerror", "unknown")),
        ("192.0.2.3", "x@broken.example", "x@broken.example", ("temperror", "unknown")),
        ("2001:db8::1", "lin@example.cn", "lin@example.cn", ("fail", "failed")),
        ("192.0.2.1", "", "", ("none", "unknown")),
        ("not an address", "lin@example.cn", "lin@example.cn", ("permerror", "unknown")),
    ],
)
async def test_a_sender_is_judged_by_the_records_of_their_domain(
    name_server: str, client: str, mail_from: str, sender: str, found: tuple[str, str]
) -> None:
    verdicts = await Authentication((name_server,)).check(mail(), Origin(client, "mx.x.example", mail_from), sender)
    assert (verdicts.words["spf"], verdicts.sender_check) == found
    assert verdicts.words["dkim"] == "none"


async def test_a_signature_holds_until_a_word_is_changed(name_server: str) -> None:
    authentication = Authentication((name_server,))
    elsewhere = Origin("192.0.2.66", "mx.x.example", "x@evil.example")
    signed = _signed(mail())
    kept = await authentication.check(signed, elsewhere, "lin@example.cn")
    assert (kept.words["dkim"], kept.sender_check) == ("pass", "passed")
    changed = await authentication.check(signed.replace(b"\r\n\r\n", b"\r\n\r\nPS "), elsewhere, "lin@example.cn")
    assert (changed.words["dkim"], changed.sender_check) == ("fail", "failed")
    other = await authentication.check(signed, elsewhere, "x@evil.example")
    assert other.sender_check == "passed"  # by SPF: the signature is of another domain


async def test_a_signature_of_the_beginning_alone_vouches_for_nothing(name_server: str) -> None:
    raw = mail()
    field = dkim.sign(raw, b"s", b"example.cn", PEM, include_headers=[b"from", b"subject"], length=True)
    elsewhere = Origin("192.0.2.66", "mx.x.example", "x@evil.example")
    verdicts = await Authentication((name_server,)).check(bytes(field) + raw + b"PS", elsewhere, "lin@example.cn")
    assert (verdicts.words["dkim"], verdicts.sender_check) == ("neutral", "unknown")


@pytest.mark.parametrize(
    "signature",
    [
        b"", b"v=1", b"v=1; a=rsa-sha256; d=example.cn; s=s; h=from; bh=x; b=x", b"\xff" * 100, b";" * 50_000,
        b"v=1; a=rsa-sha256; d=broken.example; s=s; h=from; bh=eA==; b=eA==", b"v=1; a=none; d=.; s=.; h=:; bh=; b=",
    ],
)  # fmt: skip
async def test_a_broken_signature_breaks_nothing(name_server: str, signature: bytes) -> None:
    raw = b"DKIM-Signature: " + signature + b"\r\n" + mail()
    verdicts = await Authentication((name_server,)).check(raw, Origin("192.0.2.3", "", ""), "lin@example.cn")
    assert verdicts.words["dkim"] in ("none", "fail", "temperror", "permerror")


async def test_the_listener_tells_what_it_found(name_server: str, tmp_path: Path) -> None:
    relay = Relay()
    settings = await relay.start()
    settings["listener"].update(checks_senders=True, dns_servers=[name_server])
    link = MemoryLink(tmp_path)

    def send(mail_from: str, raw: bytes) -> None:
        with smtplib.SMTP("127.0.0.1", relay.listener, timeout=10) as client:
            client.sendmail(mail_from, [ADDRESS], raw)

    try:
        async with running(EmailChannel(decode_settings(EmailConfig, settings), link), link):
            await asyncio.to_thread(until_open, relay.listener)
            await asyncio.to_thread(send, "x@evil.example", _signed(mail()))
            await asyncio.to_thread(send, "lin@example.cn", mail().replace(b"0123456789abcdef", b"another-message-id"))
            await link.until(lambda: len(link.messages) == 2)
    finally:
        await relay.stop()
    assert [one.mail and one.mail.sender_check for one in link.messages] == ["passed", "failed"]
