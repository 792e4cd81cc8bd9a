"""Speech synthesis with Kokoro-82M on this machine's processor; see README.md."""

from core.hookspecs import hookimpl
from plugins.tts.adapter import KokoroSynthesizer


@hookimpl
def synthesizer_type() -> type[KokoroSynthesizer]:
    """Tell the host what to run."""
    return KokoroSynthesizer
