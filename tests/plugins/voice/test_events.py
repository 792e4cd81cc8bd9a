"""What Asterisk sends is read once, at the edge; what cannot be read is skipped, and what is new is ignored."""

import msgspec
import pytest

from plugins.voice.ari.events import ChannelDtmfReceived, PlaybackFinished, StasisStart, channel_of, decode

CHANNEL = '{"id": "1", "name": "PJSIP/agent-7-0000000a", "state": "Up", "caller": {"number": "110", "name": ""}}'


def test_an_event_of_a_newer_asterisk_is_read_as_far_as_it_is_known() -> None:
    event = decode(
        f'{{"type": "StasisStart", "args": ["a"], "channel": {CHANNEL}, "new_field": [1], "asterisk_id": "x"}}'
    )
    assert isinstance(event, StasisStart)
    assert (event.args, event.channel.endpoint, event.channel.caller.number) == (("a",), "agent-7", "110")


def test_an_event_of_an_unknown_kind_is_nothing() -> None:
    assert decode('{"type": "ChannelSangAnAria", "channel": 7}') is None


@pytest.mark.parametrize(
    "data",
    ["", "null", "[]", "{}", '{"type": 7}', '{"type": "StasisStart"}', '{"type": "StasisStart", "channel": "1"}'],
)
def test_a_malformed_event_is_refused(data: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(data)


def test_the_time_of_an_event_is_the_engine_s() -> None:
    stamp = "2026-11-22T18:00:00.125+0800"
    event = decode(f'{{"type": "ChannelDtmfReceived", "timestamp": "{stamp}", "digit": "1", "channel": {CHANNEL}}}')
    assert isinstance(event, ChannelDtmfReceived)
    assert event.at.isoformat() == "2026-11-22T18:00:00.125000+08:00"


def test_an_event_says_which_channel_it_is_about() -> None:
    played = decode('{"type": "PlaybackFinished", "playback": {"id": "p", "target_uri": "channel:17"}}')
    in_bridge = decode('{"type": "PlaybackFinished", "playback": {"id": "p", "target_uri": "bridge:17"}}')
    assert isinstance(played, PlaybackFinished)
    assert isinstance(in_bridge, PlaybackFinished)
    assert (channel_of(played), channel_of(in_bridge)) == ("17", None)
