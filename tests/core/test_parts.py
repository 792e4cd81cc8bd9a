"""Long messages are cut well and every part of them goes out once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SendDeferred, SendRejected
from core.parts import Progress, octets, split_text, utf16_units


@given(st.text(max_size=200), st.integers(4, 40), st.sampled_from([len, octets, utf16_units]))
def test_pieces_fit_and_say_the_same(text: str, limit: int, size) -> None:
    pieces = split_text(text, limit, size)
    assert all(0 < size(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("short", ["short"]),
        ("one two three", ["one two", "three"]),
        ("第一句话。第二句话。第三", ["第一句话。第二句话。", "第三"]),
        ("a b\nc d e f g", ["a b\nc d e", "f g"]),
        ("line one\nline two", ["line one", "line two"]),
        ("xxxxxxxxxxxxxxx", ["xxxxxxxxxx", "xxxxx"]),
    ],
)
def test_cuts_are_where_a_reader_would_pause(text: str, pieces: list[str]) -> None:
    assert split_text(text, 10) == pieces


async def test_a_deferred_message_goes_on_where_it_stopped() -> None:
    progress = Progress()
    taken: list[int] = []
    refusals = iter([None, SendDeferred("throttled"), None, None])

    async def send(part: int) -> str:
        if (refusal := next(refusals)) is not None:
            raise refusal
        taken.append(part)
        return f"x{part}"

    with pytest.raises(SendDeferred):
        await progress.send("m", [1, 2, 3], send)
    assert await progress.send("m", [1, 2, 3], send) == ("x1", "x2", "x3")
    assert taken == [1, 2, 3]


async def test_a_refused_message_begins_anew_when_it_is_ordered_again() -> None:
    progress = Progress()
    refusals = iter([None, SendRejected("blocked"), None, None])
    taken: list[int] = []

    async def send(part: int) -> str:
        if (refusal := next(refusals)) is not None:
            raise refusal
        taken.append(part)
        return "x"

    with pytest.raises(SendRejected):
        await progress.send("m", [1, 2], send)
    await progress.send("m", [1, 2], send)
    assert taken == [1, 1, 2]
