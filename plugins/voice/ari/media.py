"""Playing and recording, on channels and in bridges."""

from collections.abc import AsyncIterator
from typing import Final, Literal

from plugins.voice.ari.http import AriHttp, token
from plugins.voice.ari.model import LiveRecording, Playback, StoredRecording

CHUNK_BYTES: Final = 65_536

IfExists = Literal["fail", "overwrite", "append"]
PlaybackControl = Literal["restart", "pause", "unpause", "reverse", "forward"]


class Media(AriHttp):
    """What can be asked of playbacks and recordings."""

    async def play(
        self,
        channel_id: str,
        media: tuple[str, ...],
        playback_id: str,
        *,
        skip_ms: int = 0,
        language: str = "",
    ) -> Playback:
        """Play ``media`` one after the other: ``sound:<path without suffix>``, ``tone:ring``, ``recording:<name>``."""
        query = {"media": ",".join(media), "skipms": skip_ms, "lang": language}
        return await self.post(f"channels/{token(channel_id)}/play/{token(playback_id)}", Playback, query)

    async def play_in_bridge(self, bridge_id: str, media: tuple[str, ...], playback_id: str) -> Playback:
        """Play to everybody in a bridge."""
        query = {"media": ",".join(media)}
        return await self.post(f"bridges/{token(bridge_id)}/play/{token(playback_id)}", Playback, query)

    async def playback(self, playback_id: str) -> Playback:
        """Return what is being played; Gone when it has ended."""
        return await self.get(f"playbacks/{token(playback_id)}", Playback)

    async def stop_playback(self, playback_id: str) -> bool:
        """Stop playing; False: it had ended."""
        return await self.delete(f"playbacks/{token(playback_id)}")

    async def control_playback(self, playback_id: str, operation: PlaybackControl) -> None:
        """Pause it, go on, wind by some seconds, start anew."""
        await self.do("POST", f"playbacks/{token(playback_id)}/control", {"operation": operation})

    async def record(
        self,
        channel_id: str,
        name: str,
        *,
        audio_format: str = "wav",
        max_duration_s: int = 0,
        max_silence_s: int = 0,
        beep: bool = False,
        terminate_on: str = "none",
        if_exists: IfExists = "fail",
    ) -> LiveRecording:
        """Record what a channel says, while nothing else is done with it."""
        return await self._record(
            f"channels/{token(channel_id)}/record",
            name,
            audio_format,
            max_duration_s,
            max_silence_s,
            beep=beep,
            terminate_on=terminate_on,
            if_exists=if_exists,
        )

    async def record_bridge(
        self,
        bridge_id: str,
        name: str,
        *,
        audio_format: str = "wav",
        max_duration_s: int = 0,
        beep: bool = False,
        if_exists: IfExists = "fail",
    ) -> LiveRecording:
        """Record what is heard in a bridge, all voices mixed."""
        return await self._record(
            f"bridges/{token(bridge_id)}/record",
            name,
            audio_format,
            max_duration_s,
            0,
            beep=beep,
            terminate_on="none",
            if_exists=if_exists,
        )

    async def _record(
        self,
        path: str,
        name: str,
        audio_format: str,
        max_duration_s: int,
        max_silence_s: int,
        *,
        beep: bool,
        terminate_on: str,
        if_exists: IfExists,
    ) -> LiveRecording:
        query = {
            "name": name,
            "format": audio_format,
            "maxDurationSeconds": max_duration_s,
            "maxSilenceSeconds": max_silence_s,
            "ifExists": if_exists,
            "beep": str(beep).lower(),
            "terminateOn": terminate_on,
        }
        return await self.post(path, LiveRecording, query)

    async def live_recording(self, name: str) -> LiveRecording:
        """Return a recording under way; Gone when it has ended."""
        return await self.get(f"recordings/live/{token(name)}", LiveRecording)

    async def stop_recording(self, name: str) -> bool:
        """End a recording and keep it; False: it had ended."""
        return await self.do_or_gone("POST", f"recordings/live/{token(name)}/stop")

    async def discard_recording(self, name: str) -> bool:
        """End a recording and throw it away; False: it had ended."""
        return await self.delete(f"recordings/live/{token(name)}")

    async def pause_recording(self, name: str) -> None:
        """Leave out what is said from now on."""
        await self.do("POST", f"recordings/live/{token(name)}/pause")

    async def resume_recording(self, name: str) -> None:
        """Record again."""
        await self.do("DELETE", f"recordings/live/{token(name)}/pause")

    async def stored_recordings(self) -> tuple[StoredRecording, ...]:
        """Return the finished recordings that still lie in the engine's spool."""
        return await self.get("recordings/stored", tuple[StoredRecording, ...])

    async def fetch_recording(self, name: str) -> AsyncIterator[bytes]:
        """Yield a finished recording's file; Gone when there is none."""
        async with self.request("GET", f"recordings/stored/{token(name)}/file", total_s=None) as response:
            async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                yield chunk

    async def delete_recording(self, name: str) -> bool:
        """Remove a finished recording; False: it was gone."""
        return await self.delete(f"recordings/stored/{token(name)}")
