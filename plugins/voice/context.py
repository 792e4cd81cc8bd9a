"""What every call of one engine shares."""

from dataclasses import dataclass, field

from core.channel import Link
from plugins.voice.ari import Ari, Channel
from plugins.voice.config import VoiceConfig
from plugins.voice.dialled import DialledLegs
from plugins.voice.occupancy import Occupancy
from plugins.voice.prompts import Prompts


@dataclass(frozen=True, slots=True)
class Context:
    """The engine, the hub, and what is known of both."""

    ari: Ari
    link: Link
    config: VoiceConfig
    prompts: Prompts
    dialled: DialledLegs
    occupancy: Occupancy
    trunks_down: set[str] = field(default_factory=set)

    def trunk_of(self, channel: Channel) -> str:
        """Return the trunk that a channel belongs to, empty for a phone's."""
        return channel.endpoint if any(one.name == channel.endpoint for one in self.config.trunks) else ""
