"""Logs of a host: one JSON object per line on standard error, with the channel's secrets struck out."""

import json
import logging
import sys
from datetime import UTC, datetime

from core.host.censor import Censor


class JsonLines(logging.Formatter):
    """Formats records as JSON lines; whatever a library logs, no secret passes the censor."""

    def __init__(self, instance: str, censor: Censor) -> None:
        super().__init__()
        self._instance = instance
        self._censor = censor

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "instance": self._instance,
            "logger": record.name,
            "text": self._censor(record.getMessage()),
        }
        if record.exc_info:
            line["trace"] = self._censor(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def log_as_json(instance: str, censor: Censor) -> None:
    """Make every logger of this process write JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(instance, censor))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
