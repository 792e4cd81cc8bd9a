"""Where the vectors lie that the plugin and the desk share."""

from pathlib import Path

_FOLDER = Path(__file__).parents[4] / "web" / "src" / "sms"
VECTORS = _FOLDER / "segments.json"
CONNECTIONS = _FOLDER / "connections.json"
