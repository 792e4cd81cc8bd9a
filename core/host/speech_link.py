"""The way from a speech plugin to its host."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.events import ChannelState


@dataclass(slots=True)
class HostLink:
    """``core.speech.SpeechLink``; ``show`` takes the plugin's word about itself."""

    instance: str
    data_dir: Path
    show: Callable[[ChannelState], None]

    async def emit(self, event: ChannelState) -> None:
        self.show(event)
