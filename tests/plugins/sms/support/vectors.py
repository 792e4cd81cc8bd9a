"""Where the vectors lie that the plugin and the desk share."""

from pathlib import Path

VECTORS = Path(__file__).parents[4] / "web" / "src" / "sms" / "segments.json"
