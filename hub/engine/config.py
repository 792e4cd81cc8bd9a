"""The engine's whole configuration as text: settings and places in, files out."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Final

from core.config import Secret
from hub.engine.binary import Asterisk
from hub.engine.dialplan import extensions
from hub.engine.layout import Layout
from hub.engine.modules import REQUIRED, wanted
from hub.engine.settings import EngineSettings

USER: Final = "lianxin"  # of ARI, and of the manager by HTTP
APP: Final = "lianxin"  # the Stasis application that calls are handed to
CALL_VARIABLE: Final = "LIANXIN_CALL"  # a channel variable that every ARI event of the channel carries

# what is changed in these files while calls go on, and the module that reads them again; the rest wants a restart
# (manager.conf too: once it was asked for over HTTP, its module never comes back from reading it again)
RELOADED_BY: Final = {
    "acl.conf": "acl",
    "ari.conf": "res_ari.so",
    "extensions.conf": "pbx_config.so",
    "features.conf": "features",
    "indications.conf": "indications",
    "logger.conf": "logger",
    "musiconhold.conf": "res_musiconhold.so",
    "pjsip.conf": "res_pjsip.so",
    "res_fax.conf": "res_fax.so",
    "rtp.conf": "res_rtp_asterisk.so",
}

_TONES: Final = {  # ITU-T E.180 supplement 2
    "cn": ("4000", "450", "450/1000,0/4000", "450/350,0/350", "450/700,0/700"),
    "us": ("2000,4000", "350+440", "440+480/2000,0/4000", "480+620/500,0/500", "480+620/250,0/250"),
}


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one engine; ``tls`` 0: no TLS."""

    sip: int
    http: int
    manager: int  # nobody calls at it, but the engine insists on one
    tls: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the files depend on."""

    settings: EngineSettings
    asterisk: Asterisk
    layout: Layout
    ports: Ports
    password: Secret


def render(plan: Plan) -> dict[str, str]:
    """Return every file by its name; those not named here do not exist, and what they would load is not loaded."""
    return {
        "asterisk.conf": _asterisk(plan),
        "modules.conf": _modules(plan.asterisk.modules),
        "logger.conf": _section(
            "general",
            {"dateformat": "%F %T.%3q", "use_callids": "yes", "queue_log": "no", "rotatestrategy": "none"},
        )
        # notices name callers and are written for every stranger's attempt, warnings at every look at a phone: not kept
        + _section("logfiles", {"messages.log": "error"}),
        "extensions.conf": extensions(APP, plan.layout.prompts),
        "pjsip.conf": _pjsip(plan),
        "pjsip_transports.conf": _transports(plan),
        "sorcery.conf": _sorcery(),
        "http.conf": _section(
            "general",
            {
                "enabled": "yes",
                "bindaddr": "127.0.0.1",
                "bindport": plan.ports.http,
                "servername": "-",
                "sessionlimit": 4_096,  # every browser phone holds one
                "session_inactivity": 30_000,
                "session_keep_alive": 15_000,
            },
        ),
        "ari.conf": _section("general", {"enabled": "yes", "pretty": "no", "channelvars": CALL_VARIABLE})
        + _section(USER, {"type": "user", "read_only": "no", "password": plan.password.reveal()}),
        "rtp.conf": _section(
            "general",
            {
                "rtpstart": plan.settings.rtp_first,
                "rtpend": plan.settings.rtp_last,
                "strictrtp": "yes",
                "icesupport": "yes",
                **({"stunaddr": plan.settings.stun} if plan.settings.stun else {}),
            },
        ),
        "musiconhold.conf": _section(
            "default",
            {"mode": "files", "directory": plan.settings.music or str(plan.layout.music), "sort": "alpha"},
        ),
        "indications.conf": _indications(plan.settings.country),
        "udptl.conf": _section(
            "general",
            {
                "udptlstart": plan.settings.rtp_first,
                "udptlend": plan.settings.rtp_last,
                "udptlfecentries": 3,
                "udptlfecspan": 3,
                "use_even_ports": "no",
            },
        ),
        "res_fax.conf": _section(
            "general", {"maxrate": 14_400, "minrate": 2_400, "modems": "v17,v27,v29", "ecm": "yes"}
        ),
        "cdr.conf": _section("general", {"enable": "no"}),
        "cel.conf": _section("general", {"enable": "no"}),
        "manager.conf": _section(
            "general",
            {
                "enabled": "yes",
                "webenabled": "yes",
                "bindaddr": "127.0.0.1",
                "port": plan.ports.manager,
                "httptimeout": 3_600,
            },
        )
        + _section(USER, {"secret": plan.password.reveal(), "read": "none", "write": "system"}),
        "features.conf": _section("general", {}) + _section("featuremap", {}),
        "acl.conf": "",
        "ccss.conf": _section("general", {}),
        "codecs.conf": "",
        "dnsmgr.conf": _section("general", {"enable": "no"}),
        "dsp.conf": _section("default", {}),
        "pjproject.conf": "",
        "websocket_client.conf": "",
        "chan_websocket.conf": _section("global", {}),
    }


def restart_needed(changed: Iterable[str]) -> tuple[str, ...]:
    """Return those of the ``changed`` files that only a new start of the engine reads."""
    return tuple(sorted(name for name in changed if name not in RELOADED_BY))


def _asterisk(plan: Plan) -> str:
    root = plan.layout.root
    return _section(
        "directories",
        {
            "astetcdir": plan.layout.etc,
            "astmoddir": plan.asterisk.module_dir,
            "astvarlibdir": plan.asterisk.data_dir,
            "astdatadir": plan.asterisk.data_dir,
            "astdbdir": root / "db",
            "astkeydir": root / "keys",
            "astagidir": root / "agi",
            "astspooldir": root / "spool",
            "astrundir": plan.layout.run,
            "astlogdir": root / "log",
        },
        assign="=>",
    ) + _section(
        "options",
        {
            "nocolor": "yes",
            "hideconnect": "yes",
            "live_dangerously": "no",
            "transmit_silence": "yes",  # a carrier hangs up on a recorded caller who is sent nothing
            "documentation_language": "en_US",
        },
    )


def _modules(available: Set[str]) -> str:
    lines = ["[modules]", "autoload = no"]
    lines += [f"{'require' if name in REQUIRED else 'load'} = {name}.so" for name in wanted(available)]
    return "\n".join([*lines, ""])


def _pjsip(plan: Plan) -> str:
    settings = plan.settings
    text = _section(
        "global",
        {
            "type": "global",
            "user_agent": "Lianxin",
            # by name first: browsers' phones arrive through the hub, from an address that a trunk may have too
            "endpoint_identifier_order": "username,ip,header",
            "unidentified_request_count": settings.strangers_per_5_s,
            "unidentified_request_period": 5,
            "unidentified_request_prune_interval": 30,
            "max_forwards": 30,
            "keep_alive_interval": 30,
            "max_initial_qualify_time": 2,  # else nobody knows for half a minute whether a new trunk answers
            "mwi_disable_initial_unsolicited": "yes",
            "send_contact_status_on_update_registration": "yes",
        },
    )
    text += _section("system", {"type": "system", "disable_tcp_switch": "yes"})
    if settings.sip_allowed:
        text += _section(
            "allowed",
            {"type": "acl", "deny": ("0.0.0.0/0", "::/0"), "permit": ("127.0.0.0/8", "::1/128", *settings.sip_allowed)},
        )
    return f"{text}#include pjsip_transports.conf\n"


def _transports(plan: Plan) -> str:
    """Return what a reload leaves alone."""
    settings = plan.settings
    host = f"[{settings.sip_host}]" if ":" in settings.sip_host else settings.sip_host
    outside: dict[str, object] = {}
    if settings.external_address:
        outside = {
            "external_media_address": settings.external_address,
            "external_signaling_address": settings.external_address,
            "local_net": settings.local_networks,
        }
    text = ""
    for protocol in ("udp", "tcp"):
        text += _section(
            f"transport-{protocol}",
            {"type": "transport", "protocol": protocol, "bind": f"{host}:{plan.ports.sip}", **outside},
        )
    if plan.ports.tls:
        text += _section(
            "transport-tls",
            {
                "type": "transport",
                "protocol": "tls",
                "bind": f"{host}:{plan.ports.tls}",
                "cert_file": settings.tls_certificate,
                "priv_key_file": settings.tls_key,
                "method": "tlsv1_2",
                **outside,
            },
        )
    return text + _section("transport-ws", {"type": "transport", "protocol": "ws", "bind": "127.0.0.1", **outside})


def _sorcery() -> str:
    """Return where trunks and phones live: written at run time over ARI, kept in the engine's own small database."""
    kept = {
        "res_pjsip": ("endpoint", "auth", "aor"),
        "res_pjsip_endpoint_identifier_ip": ("identify",),
        "res_pjsip_outbound_registration": ("registration",),
    }
    # the registrations of phones are kept in the database by default: a restart forgets nobody
    return "".join(
        _section(module, {kind: f"astdb,lianxin_{kind}" for kind in kinds}) for module, kinds in kept.items()
    )


def _indications(country: str) -> str:
    cadence, dial, ring, busy, congestion = _TONES.get(country, _TONES["cn"])
    return _section("general", {"country": country}) + _section(
        country,
        {
            "description": country,
            "ringcadence": cadence,
            "dial": dial,
            "ring": ring,
            "busy": busy,
            "congestion": congestion,
            "callwaiting": "450/400,0/4000",
            "dialrecall": dial,
            "record": "950/400,0/10000",
            "info": "950/330,1400/330,1800/330,0/1000",
            "stutter": dial,
        },
    )


def _section(name: str, fields: dict[str, object], *, assign: str = "=") -> str:
    lines = [f"[{name}]"]
    for field, value in fields.items():
        lines += [f"{field} {assign} {one}" for one in (value if isinstance(value, tuple) else (value,))]
    return "\n".join([*lines, "", ""])
