"""As much SIP (RFC 3261) and SDP as a telephone of the tests needs."""

import hashlib
import re
from dataclasses import dataclass, field

_SHORT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "c": "content-type",
    "l": "content-length",
}


@dataclass
class Message:
    """A request (``method``) or an answer to one (``status``)."""

    start: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    @property
    def method(self) -> str:
        """Return the method of a request or of the request that is answered."""
        return self["cseq"].split()[1]

    @property
    def status(self) -> int:
        """Return the status, 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0") else 0

    def __getitem__(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def encode(self) -> bytes:
        lines = [self.start, *(f"{name.title()}: {value}" for name, value in self.headers)]
        return "\r\n".join([*lines, f"Content-Length: {len(self.body.encode())}", "", self.body]).encode()


def parse(data: bytes) -> Message | None:
    head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    if "SIP/2.0" not in start:
        return None
    headers = []
    for line in lines:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        headers.append((_SHORT.get(name, name), value.strip()))
    return Message(start, [pair for pair in headers if pair[0] != "content-length"], body)


def uri(header: str) -> str:
    """Return the address in a From, To or Contact."""
    match = re.search(r"<([^>]+)>", header)
    return match[1] if match else header.partition(";")[0]


def tag(header: str) -> str:
    match = re.search(r";tag=([^;\s]+)", header)
    return match[1] if match else ""


def authorize(challenge: str, method: str, address: str, user: str, password: str) -> str:
    """Return the answer to a digest challenge (RFC 2617, MD5)."""
    asked = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.partition(" ")[2]))
    cnonce, count = "0a4f113b", "00000001"

    def digest(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    secret, request = digest(f"{user}:{asked['realm']}:{password}"), digest(f"{method}:{address}")
    response = digest(f"{secret}:{asked['nonce']}:{count}:{cnonce}:auth:{request}")
    fields = {"username": user, "realm": asked["realm"], "nonce": asked["nonce"], "uri": address, "response": response}
    if "opaque" in asked:
        fields["opaque"] = asked["opaque"]
    quoted = ", ".join(f'{name}="{value}"' for name, value in fields.items())
    return f'Digest {quoted}, cnonce="{cnonce}", nc={count}, qop=auth, algorithm=MD5'


def offer(host: str, port: int, direction: str = "sendrecv") -> str:
    return "\r\n".join(
        [
            "v=0", f"o=- 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0",
            f"m=audio {port} RTP/AVP 0 101", "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15", "a=ptime:20", f"a={direction}", "",
        ]
    )  # fmt: skip


def media_address(sdp: str) -> tuple[str, int] | None:
    """Return where the other side wants its audio."""
    host, port = re.search(r"^c=IN IP4 (\S+)", sdp, re.MULTILINE), re.search(r"^m=audio (\d+)", sdp, re.MULTILINE)
    return (host[1], int(port[1])) if host and port and int(port[1]) else None
