"""Every pluggy hook on one page: hooks choose and contribute, synchronously, in one process."""

import sys
from typing import Any, Final

import pluggy

from core.channel import Channel
from core.events import ContactView, MessageReceived
from core.speech import Synthesizer
from core.transcription import Transcriber

PROJECT: Final = "lianxin"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def channel_type() -> type[Channel[Any]]:  # type: ignore[empty-body]
    """In a channel plugin's process: return the class to run."""


@hookspec(firstresult=True)
def synthesizer_type() -> type[Synthesizer[Any]]:  # type: ignore[empty-body]
    """In a synthesizer plugin's process: return the class to run."""


@hookspec(firstresult=True)
def transcriber_type() -> type[Transcriber[Any]]:  # type: ignore[empty-body]
    """In a transcriber plugin's process: return the class to run."""


@hookspec(firstresult=True)
def choose_queue(instance: str, contact: ContactView, proposed: str) -> str | None:
    """In the hub: return the id of the queue for this contact's work, or None to leave it to others."""


@hookspec(firstresult=True)
def admit_message(instance: str, message: MessageReceived) -> str | None:
    """In the hub: return a reason code to refuse a message before it becomes work, or None to let it in."""


@hookspec
def enrich_contact(contact: ContactView) -> dict[str, str] | None:
    """In the hub: return attributes to add to a contact that wrote for the first time."""


@hookspec
def register_routes() -> list[Any]:  # type: ignore[empty-body]
    """In the hub: return further endpoints (``hub.http.endpoints.Endpoint``) to be served."""


def plugin_manager() -> pluggy.PluginManager:
    """Return a manager that knows these hooks and checks implementations against them."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(sys.modules[__name__])
    return manager
