"""Who may say what on the embedded server: the hub's account, and one per plugin instance, by its kind.

In one shared account the reply subject of a publish is not checked, so a plugin could have the server
write acknowledgements, or stored messages, wherever it likes. Between accounts only what is exported
and imported here passes, and replies go nowhere but back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from core.events import (
    ActivityEnded,
    CallArrived,
    CallPlan,
    ChannelState,
    ContactArrived,
    EngineChanged,
    Event,
    KeysPressed,
    LegChanged,
    MediaFlowed,
    MessageReceived,
    MessagesRead,
    MessageStatus,
    MessageStatuses,
    ModelsChanged,
    PhoneChanged,
    PhonesPlan,
    RecordingEnded,
    TapRecognized,
    TapsPlan,
    TranscriptionEnded,
    TrunkChanged,
    TypingReported,
    TypingShown,
    UtterancesRecognized,
    VoicesChanged,
)
from core.ids import check_token
from core.streams import ORDERS, SENT
from core.subjects import (
    ASK_CALLS,
    ASK_HISTORY,
    ASK_MEDIA_GET,
    ASK_MEDIA_PUT,
    ASK_SYNTHESIZE,
    ASK_TRANSCRIBE,
    DEAD_LETTER,
    PATTERNS,
    fill,
)

HUB: Final = "HUB"
HUB_USERS: Final = ("hub", "supervisor")

_REPORTS: Final = (
    MessageReceived,
    MessageStatus,
    MessageStatuses,
    MessagesRead,
    ContactArrived,
    ChannelState,
    TypingReported,
    CallArrived,
    LegChanged,
    MediaFlowed,
    KeysPressed,
    ActivityEnded,
    RecordingEnded,
    PhoneChanged,
    TrunkChanged,
    EngineChanged,
)
_QUESTIONS: Final = (ASK_HISTORY, ASK_CALLS, ASK_MEDIA_PUT, ASK_MEDIA_GET)
ASKED: Final = {"synthesizer": ASK_SYNTHESIZE, "transcriber": ASK_TRANSCRIBE}  # what the hub asks, by kind of plugin

_ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class Service:
    """A subject that a plugin may publish to, and the answers it gets: one each, or a stream of them."""

    subject: str
    is_stream: bool = False


def services(instance: str) -> tuple[Service, ...]:
    """Return everything that a channel's ``instance`` may publish to."""
    orders = f"{ORDERS.name}.{instance}"
    sent = f"$KV.{SENT.name}.{instance}.>"
    return (
        *(Service(fill(PATTERNS[event], instance)) for event in _REPORTS),
        *(Service(fill(question, instance)) for question in _QUESTIONS),
        Service(fill(DEAD_LETTER, instance)),
        Service(f"$JS.API.CONSUMER.MSG.NEXT.{orders}", is_stream=True),
        Service(f"$JS.API.CONSUMER.RESET.{orders}"),
        Service(f"$JS.ACK.{orders}.>"),
        Service(sent),
        Service(f"$JS.API.DIRECT.GET.KV_{SENT.name}.{sent}"),
    )


def speech_services(instance: str, kind: str) -> tuple[Service, ...]:
    """Return everything that ``instance``, a synthesizer or a transcriber, may publish to."""
    if kind == "synthesizer":
        events: tuple[type[Event], ...] = (ChannelState, VoicesChanged)
    else:
        events = (ChannelState, ModelsChanged, UtterancesRecognized, TranscriptionEnded, TapRecognized)
    question = ASK_MEDIA_PUT if kind == "synthesizer" else ASK_MEDIA_GET
    subjects = (*(PATTERNS[event] for event in events), question)
    return tuple(Service(fill(subject, instance)) for subject in subjects)


def signals(instance: str) -> tuple[str, ...]:
    """Return everything that a channel's ``instance`` may listen to besides the answers it gets."""
    return tuple(fill(PATTERNS[order], instance) for order in (TypingShown, CallPlan, PhonesPlan, TapsPlan))


def render_accounts(hub_keys: Iterable[str], plugin_keys: dict[str, str], kinds: Mapping[str, str]) -> str:
    """Return the ``accounts`` block; ``plugin_keys`` maps instances to their users' public keys.

    ``kinds`` names those that are no channels.

    The hub's exports are the same whatever instances there are: a plugin's account is named like its
    instance, and the server lets an account import only the subjects that carry its own name. The other way
    round a synthesizer or transcriber exports its question to the hub alone.
    """
    users = ", ".join(f"{{ nkey: {key} }}" for key in hub_keys)
    exported = dict.fromkeys((*services(_ANY), *(one for kind in ASKED for one in speech_services(_ANY, kind))))
    lines = ["accounts {", f"  {HUB} {{", "    jetstream: enabled", f"    users: [ {users} ]", "    exports: ["]
    lines += [f"      {{ {_export(service)} }}" for service in exported]
    lines += [f'      {{ stream: "{subject}", {_own_only(subject)} }}' for subject in signals(_ANY)]
    lines += ["    ]", "    imports: ["]
    lines += [f"      {_import(check_token(name), fill(ASKED[kind], name))}" for name, kind in sorted(kinds.items())]
    lines += ["    ]", "  }"]
    for instance, key in plugin_keys.items():
        lines += [f'  "{check_token(instance)}" {{', f"    users: [ {{ nkey: {key} }} ]"]
        if (kind := kinds.get(instance)) is not None:
            lines.append(f'    exports: [ {{ service: "{fill(ASKED[kind], instance)}", accounts: [ {HUB} ] }} ]')
            imported: tuple[Service, ...] = speech_services(instance, kind)
            heard: tuple[str, ...] = ()
        else:
            imported, heard = services(instance), signals(instance)
        lines.append("    imports: [")
        lines += [f"      {_import(HUB, service.subject)}" for service in imported]
        lines += [f'      {{ stream: {{ account: {HUB}, subject: "{subject}" }} }}' for subject in heard]
        lines += ["    ]", "  }"]
    return "\n".join([*lines, "}", ""])


def _import(account: str, subject: str) -> str:
    return f'{{ service: {{ account: "{account}", subject: "{subject}" }} }}'


def _export(service: Service) -> str:
    kind = ", response_type: Stream" if service.is_stream else ""
    return f'service: "{service.subject}"{kind}, {_own_only(service.subject)}'


def _own_only(subject: str) -> str:
    return f"account_token_position: {subject.split('.').index(_ANY) + 1}"
