"""What the other side of a request says, and whether asking again may help."""

import pytest

from core.errors import TEMPORARY, BusUnavailable, ChannelNotReady, LianxinError, RequestFailed, TryLater
from core.host.media import UPLOAD_LOST
from hub.engine.process import EngineAway
from hub.store.errors import StoreUnavailable
from hub.supervisor.phone_engine import EngineNotReady


@pytest.mark.parametrize(
    "kind", [TryLater, BusUnavailable, ChannelNotReady, EngineAway, EngineNotReady, StoreUnavailable]
)
def test_what_is_to_be_repeated_here_is_to_be_repeated_by_who_asked(kind: type[LianxinError]) -> None:
    assert RequestFailed(kind.code, "away").is_temporary


def test_an_upload_that_was_lost_too_often_is_begun_again_later() -> None:
    assert UPLOAD_LOST in TEMPORARY


@pytest.mark.parametrize("code", ["not_found", "invalid", "bad_upload", "bad_answer", "too_large"])
def test_a_refusal_is_for_good(code: str) -> None:
    assert not RequestFailed(code, "no").is_temporary
