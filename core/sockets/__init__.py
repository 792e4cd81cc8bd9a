"""Web sockets that are idle for hours: each keeps its transport and its framing, and nothing of its request.

The web server's own sockets keep request, headers, parser and two tasks for as long as they live (16 KB;
docs/adr/0019). Here the connection is taken from the web server once the handshake is answered.
"""

from core.sockets.takeover import take_over, upgrade
from core.sockets.websocket import WebSocket

__all__ = ["WebSocket", "take_over", "upgrade"]
