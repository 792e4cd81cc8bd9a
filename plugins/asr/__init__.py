"""Speech recognition with Vosk on this machine's processors; see README.md."""

from core.hookspecs import hookimpl
from plugins.asr.adapter import VoskTranscriber


@hookimpl
def transcriber_type() -> type[VoskTranscriber]:
    """Tell the host what to run."""
    return VoskTranscriber
