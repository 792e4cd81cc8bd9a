"""Calls through the real engine, steered over ARI; what is heard is proved by its frequency."""

from plugins.voice.ari.events import ChannelDtmfReceived, StasisStart
from tests.plugins.voice.support.engine import Board
from tests.plugins.voice.support.events import listening


async def test_a_caller_is_answered_and_heard(board: Board) -> None:
    trunk = await board.trunk()
    async with listening(board.ari) as events, trunk.call("12345") as call:
        started = await events.next(StasisStart)
        assert started.args == ("inbound", "trunk", "12345")
        await board.ari.answer(started.channel.id)
        await call.answered()
        await board.ari.play(started.channel.id, ("tone:425/10000",), "tone-1")
        await call.hears(425)
        await call.press("12#")
        assert [(await events.next(ChannelDtmfReceived)).digit for _ in range(3)] == ["1", "2", "#"]
