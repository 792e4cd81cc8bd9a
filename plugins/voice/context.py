"""What every call of one engine shares."""

from dataclasses import dataclass, field

from core.channel import Link
from plugins.voice.ari import Ari
from plugins.voice.config import VoiceConfig
from plugins.voice.dialled import DialledLegs
from plugins.voice.prompts import Prompts


@dataclass(frozen=True, slots=True)
class Context:
    """The engine, the hub, and what is known of both."""

    ari: Ari
    link: Link
    config: VoiceConfig
    prompts: Prompts
    dialled: DialledLegs
    trunks_down: set[str] = field(default_factory=set)
