"""Settings of a Kokoro instance."""

from typing import Annotated, Literal

from msgspec import Meta

from core.speech import SpeechConfig

VoiceName = Annotated[str, Meta(pattern=r"\A([a-z]{2}_[a-z]{1,30})?\Z")]


class TtsConfig(SpeechConfig, frozen=True, kw_only=True):
    """Who speaks, how, and how much of the machine it may take."""

    voice_zh: VoiceName = "zf_xiaobei"  # empty: no Mandarin
    voice_en: VoiceName = "af_heart"
    model_path: str = ""  # an ONNX file; empty: the packages of the extra "tts"
    voices_dir: str = ""  # where <voice>.bin files lie; empty: the two that come along
    speed: Annotated[float, Meta(ge=0.5, le=2.0)] = 1.0
    rate_hz: Literal[8000, 16000, 24000] = 16_000
    threads: Annotated[int, Meta(ge=1, le=64)] = 1
    niceness: Annotated[int, Meta(ge=0, le=19)] = 10

    def __post_init__(self) -> None:
        if not (self.voice_zh or self.voice_en):
            raise ValueError("one of voice_zh and voice_en is needed")
