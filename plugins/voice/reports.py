"""What is told to the hub about one call, each thing once."""

from datetime import UTC, datetime

from core.events import ActivityEnded, Attachment, CallArrived, KeysPressed, LegChanged, MediaFlowed
from core.events.calls import Cause, LegState
from plugins.voice.outbox import Outbox


class Reports:
    """Builds one call's reports and has them sent in order."""

    def __init__(self, call_id: str, outbox: Outbox) -> None:
        self._call_id = call_id
        self._outbox = outbox
        self._told: set[tuple[str, str]] = set()

    def arrived(self, event: CallArrived) -> None:
        """A call is there; told anew each time, for nothing happens until it is heard."""
        self._outbox.put(event)

    def changed(self, leg_id: str, state: LegState, at: datetime, *, trunk: str = "") -> None:
        """A leg is dialled, rings, or answered."""
        if self._is_news(leg_id, state):
            self._outbox.put(LegChanged(call_id=self._call_id, leg_id=leg_id, state=state, at=at, trunk=trunk))

    def ended(
        self,
        leg_id: str,
        cause: Cause,
        *,
        at: datetime | None = None,
        by_far_end: bool = True,
        sip_code: int = 0,
        has_talked: bool = True,
        trunk: str = "",
    ) -> None:
        """A leg is gone."""
        if self._is_news(leg_id, "ended"):
            self._outbox.put(
                LegChanged(
                    call_id=self._call_id,
                    leg_id=leg_id,
                    state="ended",
                    at=at or datetime.now(UTC),
                    cause=cause,
                    by_far_end=by_far_end,
                    sip_code=sip_code,
                    has_talked=has_talked,
                    trunk=trunk,
                )
            )

    def lost(self, leg_id: str) -> None:
        """A leg that ought to be there is not."""
        self.ended(leg_id, "lost")

    def keys(self, leg_id: str, keys: str, n: int, at: datetime) -> None:
        """A key was pressed."""
        self._outbox.put(KeysPressed(call_id=self._call_id, leg_id=leg_id, keys=keys, n=n, at=at))

    def media_flowed(self, leg_id: str, at: datetime) -> None:
        """Sound has come from a leg."""
        if self._is_news(leg_id, "media"):
            self._outbox.put(MediaFlowed(call_id=self._call_id, leg_id=leg_id, at=at))

    def activity_ended(
        self,
        leg_id: str,
        activity_id: str,
        outcome: str,
        *,
        at: datetime | None = None,
        length_s: float = 0.0,
        file: Attachment | None = None,
    ) -> None:
        """Prompts or a voice message are over."""
        if self._is_news(leg_id, f"activity {activity_id}"):
            self._outbox.put(
                ActivityEnded(
                    call_id=self._call_id,
                    leg_id=leg_id,
                    activity_id=activity_id,
                    outcome=outcome,  # type: ignore[arg-type]
                    length_s=length_s,
                    file=file,
                    at=at or datetime.now(UTC),
                )
            )

    async def flushed(self) -> None:
        """Return when all that was told has been stored."""
        await self._outbox.flushed()

    def _is_news(self, leg_id: str, what: str) -> bool:
        if (leg_id, what) in self._told:
            return False
        self._told.add((leg_id, what))
        return True
