"""An engine, and telephones around it."""

from tests.plugins.voice.support.engine import asterisk, board, shared_engine

__all__ = ["asterisk", "board", "shared_engine"]
