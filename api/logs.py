"""Log lines as JSON objects, one a line, so that machines can read them."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

_CONTEXT: Final = ("request_id", "method", "path", "status", "milliseconds", "caller")


class JsonFormatter(logging.Formatter):
    """Writes time, level, logger, message, the request's context and the traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _CONTEXT if hasattr(record, name)}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
