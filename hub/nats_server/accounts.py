"""Who may say what on the embedded server: the hub's account, and one per plugin instance.

In one shared account the reply subject of a publish is not checked, so a plugin could have the server
write acknowledgements, or stored messages, wherever it likes. Between accounts only what is exported
and imported here passes, and replies go nowhere but back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.events import (
    ChannelState,
    ContactArrived,
    MessageReceived,
    MessagesRead,
    MessageStatus,
    TypingReported,
    TypingShown,
)
from core.ids import check_token
from core.streams import ORDERS, SENT
from core.subjects import ASK_HISTORY, ASK_MEDIA_GET, ASK_MEDIA_PUT, DEAD_LETTER, PATTERNS, fill

HUB: Final = "HUB"
HUB_USERS: Final = ("hub", "supervisor")

_REPORTS: Final = (MessageReceived, MessageStatus, MessagesRead, ContactArrived, ChannelState, TypingReported)
_QUESTIONS: Final = (ASK_HISTORY, ASK_MEDIA_PUT, ASK_MEDIA_GET)


@dataclass(frozen=True, slots=True)
class Service:
    """A subject that a plugin may publish to, and the answers it gets: one each, or a stream of them."""

    subject: str
    is_stream: bool = False


def services(instance: str) -> tuple[Service, ...]:
    """Return everything that ``instance`` may publish to."""
    check_token(instance)
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


def signals(instance: str) -> tuple[str, ...]:
    """Return everything that ``instance`` may listen to besides the answers it gets."""
    return (fill(PATTERNS[TypingShown], instance),)


def account_name(instance: str) -> str:
    """Return the account of ``instance``."""
    return f"PLUGIN_{check_token(instance)}"


def render_accounts(hub_keys: Iterable[str], plugin_keys: dict[str, str]) -> str:
    """Return the ``accounts`` block; ``plugin_keys`` maps instances to their users' public keys."""
    lines = ["accounts {", f"  {HUB} {{", "    jetstream: enabled", "    users: ["]
    lines += [f"      {{ nkey: {key} }}" for key in hub_keys]
    lines += ["    ]", "    exports: ["]
    for instance in plugin_keys:
        to = f'accounts: ["{account_name(instance)}"]'
        for service in services(instance):
            kind = ", response_type: Stream" if service.is_stream else ""
            lines.append(f'      {{ service: "{service.subject}"{kind}, {to} }}')
        lines += [f'      {{ stream: "{subject}", {to} }}' for subject in signals(instance)]
    lines += ["    ]", "  }"]
    for instance, key in plugin_keys.items():
        lines += [f'  "{account_name(instance)}" {{', f"    users: [ {{ nkey: {key} }} ]", "    imports: ["]
        for service in services(instance):
            lines.append(f'      {{ service: {{ account: {HUB}, subject: "{service.subject}" }} }}')
        lines += [f'      {{ stream: {{ account: {HUB}, subject: "{subject}" }} }}' for subject in signals(instance)]
        lines += ["    ]", "  }"]
    return "\n".join([*lines, "}", ""])
