"""Who can speak: synthesizers announce their voices, and the first one that is enabled speaks a language."""

from dataclasses import dataclass
from typing import Final

from core.bus import Bus
from core.errors import RequestFailed
from core.events import Attachment, SpeechAnswer, SpeechRequest, VoicesChanged
from core.events.speech import MAX_SPOKEN_CHARS
from core.subjects import ASK_SYNTHESIZE, fill
from hub.plugin_instances import PluginInstances

SPEAK_S: Final = 60.0
ANSWER_S: Final = SPEAK_S + 5.0  # the instance itself says that it took too long


@dataclass(frozen=True, slots=True)
class Speaker:
    """One voice of one instance; ``key`` is another one when the same words would sound otherwise."""

    instance: str
    voice: str
    version: str

    @property
    def key(self) -> str:
        return f"{self.instance}/{self.voice}/{self.version}"


class Synthesizers:
    """``hub.calls.prompts.Synthesizer`` by the plugins of that kind."""

    def __init__(self, bus: Bus, instances: PluginInstances) -> None:
        self._bus = bus
        self._instances = instances
        self._voices: dict[str, VoicesChanged] = {}

    async def run(self) -> None:
        """Follow who can speak, until cancelled; what was announced last is known while they are down, too."""
        async for instance, event in self._bus.follow(VoicesChanged):
            self._voices[instance] = event

    def languages(self) -> set[str]:
        """Return what somebody can speak."""
        return {voice.language for event in self._voices.values() for voice in event.voices}

    def speaker(self, language: str) -> Speaker | None:
        """Return who speaks ``language``, or None."""
        for instance, event in sorted(self._voices.items()):
            if not self._is_switched_off(instance):
                for voice in event.voices:
                    if voice.language == language:
                        return Speaker(instance, voice.name, event.version)
        return None

    def voice(self, language: str) -> str:
        speaker = self.speaker(language)
        return "" if speaker is None else speaker.key

    async def synthesize(self, text: str, language: str) -> tuple[Attachment, float] | None:
        speaker = self.speaker(language)
        if speaker is None or len(text) > MAX_SPOKEN_CHARS:
            return None
        state = self._instances.channel_states.get(speaker.instance)
        if state is not None and state.state != "ready":
            raise RequestFailed("not_ready", f"{speaker.instance} is {state.state}")
        question = SpeechRequest(text=text, language=language, voice=speaker.voice, timeout_s=SPEAK_S)
        subject = fill(ASK_SYNTHESIZE, speaker.instance)
        answer = await self._bus.request(subject, question, reply=SpeechAnswer, timeout_s=ANSWER_S)
        return answer.sound, answer.length_s

    def _is_switched_off(self, instance: str) -> bool:
        status = self._instances.statuses.get(instance)
        return status is not None and status.process == "stopped"
