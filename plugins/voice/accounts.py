"""Trunks and phones as Asterisk's configuration objects, and bringing a running engine to them.

Every object of a trunk or phone bears its name; call control writes them over ARI, the engine keeps them.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta

from core.config import Secret, Settings
from core.events.calls import EnginePeer, PhoneAccount
from plugins.voice.ari import Ari, Gone

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,39}$")]
Transport = Literal["udp", "tcp", "tls"]

INBOUND: Final = "inbound"  # the dial plan's contexts
PHONES: Final = "phones"
ENGINES: Final = "engines"
CALLER_CODECS: Final = ("alaw", "ulaw")  # what carriers in China and elsewhere speak
PHONE_CODECS: Final = ("g722", "alaw", "ulaw")
BROWSER_CODECS: Final = ("opus", "alaw", "ulaw")
QUALIFY_S: Final = 30
NO_NAME: Final = "-"

_MODULE: Final = "res_pjsip"  # ARI's name for where all of them belong
_KINDS: Final = (
    "auth",
    "aor",
    "endpoint",
    "identify",
    "registration",
)  # in the order in which they refer to each other
MAX_PEERS: Final = 16
_HOST: Final = re.compile(r"[A-Za-z0-9.:_\[\]-]{1,253}")
_UNSHOWABLE: Final = re.compile(r'[\x00-\x1f\x7f;"<>\\]')
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f;]")  # Asterisk reads a comment from a semicolon on


class Trunk(Settings, frozen=True, kw_only=True):
    """A line to a carrier or to another exchange."""

    name: Name
    host: str
    port: Annotated[int, Meta(ge=0, le=65_535)] = 0  # 0: the transport's own, or by DNS SRV
    transport: Transport = "udp"
    username: str = ""
    password: Secret = Secret("")
    registers: bool = False  # whether we have to register at the carrier
    # networks that its calls come from; empty: the host
    peers: Annotated[tuple[str, ...], Meta(max_length=MAX_PEERS)] = ()
    codecs: tuple[str, ...] = CALLER_CODECS
    encrypts_audio: bool = False  # SRTP with keys in SDP; wants tls
    trusts_caller_id: bool = True  # P-Asserted-Identity above From
    carries_fax: bool = True  # T.38
    max_calls: Annotated[int, Meta(ge=0, le=100_000)] = 0  # at once, in and out; full, calls out take the next; 0: any
    from_user: str = ""  # what some carriers insist on
    from_domain: str = ""

    def __post_init__(self) -> None:
        if _HOST.fullmatch(self.host) is None:
            raise ValueError(f"trunk {self.name}: host is a name or an address")
        if self.registers and not self.username:
            raise ValueError(f"trunk {self.name}: a registration needs a username")
        for peer in self.peers:
            try:
                ipaddress.ip_network(peer)
            except ValueError as error:
                raise ValueError(f"trunk {self.name}: peers: {error}") from None
            if ipaddress.ip_network(peer).is_loopback and ipaddress.ip_network(peer).num_addresses > 1:
                raise ValueError(f"trunk {self.name}: peers: of this machine only one address can be named")
        for text in (self.username, self.password.reveal(), self.from_user, self.from_domain, *self.codecs):
            if _FORBIDDEN.search(text):
                raise ValueError(f"trunk {self.name}: a semicolon or control character cannot be used")


@dataclass(frozen=True, slots=True)
class ConfigObject:
    """One object as ARI takes it."""

    kind: str
    name: str
    fields: Mapping[str, str]


def trunk_objects(trunk: Trunk) -> tuple[ConfigObject, ...]:
    """Return everything that makes ``trunk``."""
    address = f"{trunk.host}:{trunk.port}" if trunk.port else trunk.host
    suffix = "" if trunk.transport == "udp" else f";transport={trunk.transport}"
    outbound_auth = {"outbound_auth": trunk.name} if trunk.username else {}
    fields = {
        "aor": {"contact": f"sip:{address}{suffix}", "qualify_frequency": str(QUALIFY_S)},
        "endpoint": {
            "transport": f"transport-{trunk.transport}",
            "context": INBOUND,
            "aors": trunk.name,
            **outbound_auth,
            **_media(trunk.codecs),
            "media_encryption": "sdes" if trunk.encrypts_audio else "no",
            "identify_by": "ip",  # anybody can write the trunk's name into From
            # read back from the engine's database, no caller-id at all becomes the number "unknown", which hides the
            # caller's own; a name alone does not, and the dial plan takes it away again
            "callerid": NO_NAME,
            "trust_id_inbound": _yes(trunk.trusts_caller_id),
            "send_pai": "yes",
            "send_connected_line": "no",  # a caller is not told which agent's phone took the call, nor invited anew
            "t38_udptl": _yes(trunk.carries_fax),
            "t38_udptl_ec": "redundancy",  # faulty FEC decoders at the far end give corrupt pages marked good
            "from_user": trunk.from_user,
            "from_domain": trunk.from_domain,
        },
    }
    if trunk.username:
        fields["auth"] = {"auth_type": "userpass", "username": trunk.username, "password": trunk.password.reveal()}
    if trunk.registers:
        fields["registration"] = {
            "server_uri": f"sip:{address}{suffix}",
            "client_uri": f"sip:{trunk.username}@{address}",
            "contact_user": trunk.username,
            "transport": f"transport-{trunk.transport}",
            **outbound_auth,
            "expiration": "300",
            "retry_interval": "20",
            "forbidden_retry_interval": "300",
            "fatal_retry_interval": "300",
            "max_retries": "1000000",
            "auth_rejection_permanent": "no",
            "line": "yes",
            "endpoint": trunk.name,
        }
    peers = (
        ConfigObject("identify", name, {"endpoint": trunk.name, "match": _match(peer, trunk)})
        for name, peer in zip(peer_names(trunk.name), _peers(trunk), strict=False)
    )
    return (*_objects(trunk.name, fields), *peers)


def phone_objects(phone: PhoneAccount) -> tuple[ConfigObject, ...]:
    """Return everything that makes ``phone``."""
    is_browser = phone.kind == "browser"
    kind = (
        {"webrtc": "yes", "dtls_auto_generate_cert": "yes", "transport": "transport-ws"}
        if is_browser
        else {"media_encryption": "sdes", "media_encryption_optimistic": "yes"}
    )
    shown = _UNSHOWABLE.sub("", phone.display_name) or phone.phone_id
    fields = {
        "auth": {"auth_type": "userpass", "username": phone.phone_id, "password": phone.secret},
        # a reloaded page takes the place of the one before
        "aor": {"max_contacts": "1", "remove_existing": "yes", "qualify_frequency": str(QUALIFY_S)},
        "endpoint": {
            "context": PHONES,
            "aors": phone.phone_id,
            "auth": phone.phone_id,
            "callerid": f'"{shown}" <{phone.phone_id}>',
            **_media(BROWSER_CODECS if is_browser else PHONE_CODECS),
            **kind,
        },
    }
    return _objects(phone.phone_id, fields)


def engine_name(instance: str) -> str:
    """Return the name of the line to another instance's engine; no trunk can have it, for it has an underscore."""
    return f"engine_{instance}"


def engine_objects(peer: EnginePeer, *, own: str) -> tuple[ConfigObject, ...]:
    """Return the line to the engine of ``peer``, which knows ours by ``own``, our instance."""
    name = engine_name(peer.instance)
    both = "+".join(sorted((peer.instance, own)))
    suffix = ";transport=tls" if peer.is_encrypted else ""
    fields = {
        "auth": {"auth_type": "userpass", "username": both, "password": peer.secret},
        "aor": {"contact": f"sip:{peer.address}{suffix}", "qualify_frequency": str(QUALIFY_S)},
        "endpoint": {
            "transport": "transport-tls" if peer.is_encrypted else "transport-udp",
            "media_encryption": "sdes" if peer.is_encrypted else "no",
            "context": ENGINES,
            "aors": name,
            "auth": name,
            "outbound_auth": name,
            "identify_by": "username",
            "from_user": engine_name(own),
            "callerid": NO_NAME,  # as of trunks
            "trust_id_inbound": "yes",
            "trust_id_outbound": "yes",
            "send_pai": "yes",
            "send_connected_line": "no",
            **_media(CALLER_CODECS),
        },
    }
    return _objects(name, fields)


async def put_objects(ari: Ari, objects: Iterable[ConfigObject]) -> None:
    """Make or change ``objects``; calls under way keep what they were set up with."""
    for item in objects:
        if contact := item.fields.get("contact"):  # Asterisk would keep the one it has beside the new one, and call it
            with suppress(Gone):
                if (await ari.object_fields(_MODULE, item.kind, item.name)).get("contact") != contact:
                    await ari.delete_object(_MODULE, item.kind, item.name)
        await ari.put_object(_MODULE, item.kind, item.name, item.fields)


async def remove_account(ari: Ari, name: str) -> None:
    """Remove a trunk or phone; a registration that is held is given up, calls under way go on."""
    for kind in reversed(_KINDS):
        await ari.delete_object(_MODULE, kind, name)


async def keep_accounts(ari: Ari, objects: Iterable[ConfigObject]) -> None:
    """Bring the engine to exactly ``objects``: what it has besides, from another time, is removed."""
    wanted = tuple(objects)
    names = {item.name for item in wanted}
    kinds = {(item.name, item.kind) for item in wanted}
    for endpoint in await ari.endpoints():
        if endpoint.technology == "PJSIP" and endpoint.resource not in names:
            await remove_account(ari, endpoint.resource)
    for name in names:
        for kind in reversed(_KINDS):
            if (name, kind) not in kinds:  # such as the registration of a trunk that does not register any more
                await ari.delete_object(_MODULE, kind, name)
    for item in wanted:
        if item.kind == "identify" and item.name == item.fields["endpoint"]:  # those of peers that are none any more
            for name in peer_names(item.fields["endpoint"]):
                if (name, "identify") not in kinds:
                    await ari.delete_object(_MODULE, "identify", name)
    await put_objects(ari, wanted)


def _objects(name: str, fields: Mapping[str, Mapping[str, str]]) -> tuple[ConfigObject, ...]:
    return tuple(ConfigObject(kind, name, fields[kind]) for kind in _KINDS if kind in fields)


def peer_names(trunk: str) -> list[str]:
    """Return what the places are called from which calls of ``trunk`` come: the engine's database keeps one in each."""
    return [trunk, *(f"{trunk}~{number}" for number in range(1, MAX_PEERS))]


def _peers(trunk: Trunk) -> tuple[str, ...]:
    return trunk.peers or (trunk.host.strip("[]"),)


def _match(peer: str, trunk: Trunk) -> str:
    """Return where calls of a trunk come from as Asterisk takes it: of this machine not everything.

    From the loopback come the browsers' phones too, through the proxy, and whoever they are, none is a trunk.
    """
    if peer == "localhost":
        peer = "127.0.0.1"
    try:
        network = ipaddress.ip_network(peer)
    except ValueError:
        return peer  # a host's name
    if not network.is_loopback:
        return peer
    host = network.network_address
    port = trunk.port or (5_061 if trunk.transport == "tls" else 5_060)
    return f"[{host}]:{port}" if host.version == 6 else f"{host}:{port}"


def _media(codecs: tuple[str, ...]) -> dict[str, str]:
    return {
        "disallow": "all",
        "allow": ",".join(codecs),
        "dtmf_mode": "auto",  # RFC 4733, or in the audio where the far end does not offer it
        "direct_media": "no",  # audio has to pass through: it is recorded, and heard by supervisors
        "rtp_symmetric": "yes",
        "force_rport": "yes",
        "rewrite_contact": "yes",
        "rtp_timeout": "60",  # a far end that vanished ends its call
        "rtp_timeout_hold": "3600",
        "rtp_keepalive": "15",
        "timers": "yes",
    }


def _yes(value: bool) -> str:
    return "yes" if value else "no"
