"""What one party hears: kept from the first sample on and listened to by frequency."""

import asyncio
from array import array
from collections.abc import Callable

from tests.plugins.voice.support.audio import WINDOW, has_tone, is_silent

WITHIN_S = 30.0


class Ear:
    """``heard`` is all that came, at 8 kHz; whoever extends it sets ``news``."""

    def __init__(self) -> None:
        self.heard = array("h")
        self.news = asyncio.Event()

    async def hears(self, frequency_hz: float, *, least: float = 0.6, within_s: float = WITHIN_S) -> None:
        """Return when the last 200 ms were this tone; with ``least`` 0.25 it may be one of two mixed."""
        await self._until(lambda: has_tone(self.heard[-WINDOW:], frequency_hz, least), f"{frequency_hz} Hz", within_s)

    async def hears_silence(self, *, within_s: float = WITHIN_S) -> None:
        """Return when 200 ms came, from now on, in which there was nothing."""
        begin = len(self.heard)
        await self._until(
            lambda: len(self.heard) - begin >= WINDOW and is_silent(self.heard[-WINDOW:]), "silence", within_s
        )

    async def hears_something(self, *, within_s: float = WITHIN_S) -> None:
        """Return when 200 ms were not silent."""
        await self._until(lambda: len(self.heard) >= WINDOW and not is_silent(self.heard[-WINDOW:]), "sound", within_s)

    async def hears_else(self, frequency_hz: float, *, within_s: float = WITHIN_S) -> None:
        """Return when the last 200 ms were not silent and not this tone."""

        def is_else() -> bool:
            last = self.heard[-WINDOW:]
            return len(last) == WINDOW and not is_silent(last) and not has_tone(last, frequency_hz, 0.2)

        await self._until(is_else, f"something else than {frequency_hz} Hz", within_s)

    async def heard_for(self, seconds: float, *, within_s: float = WITHIN_S) -> None:
        """Return when so much more audio has come, silent or not."""
        enough = len(self.heard) + round(8_000 * seconds)
        await self._until(lambda: len(self.heard) >= enough, f"{seconds:g} s more", within_s)

    async def _until(self, is_it: Callable[[], bool], what: str, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                while not is_it():
                    self.news.clear()
                    try:
                        async with asyncio.timeout(0.1):
                            await self.news.wait()
                    except TimeoutError:
                        continue
        except TimeoutError:
            raise AssertionError(
                f"{what} was not heard within {within_s:g} s ({len(self.heard) / 8000:.1f} s of audio)"
            ) from None
