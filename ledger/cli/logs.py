"""Log lines of the verbs that run for long: JSON objects, one a line, or text for a terminal."""

from __future__ import annotations

import json
import logging
import logging.config
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from ledger.settings import Settings

_CONTEXT: Final = (
    *("request_id", "method", "path", "status", "milliseconds", "caller", "problem", "operation"),
)
_write_any: Final = json.JSONEncoder(ensure_ascii=False, default=str).encode
_encode: Final = msgspec.json.Encoder(enc_hook=str).encode
_TEXT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"


class JsonFormatter(logging.Formatter):
    """Writes time, level, logger, message, the request's context and the traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        told = record.__dict__
        for name in _CONTEXT:
            if (value := told.get(name)) is not None:
                line[name] = value
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return _write(line)


def _write(line: dict[str, Any]) -> str:
    """As JSON: what the quick encoder refuses, halves of surrogate pairs among it, is escaped."""
    with suppress(UnicodeEncodeError, TypeError, OverflowError):
        return _encode(line).decode()
    return _write_any(line)


class TextFormatter(logging.Formatter):
    """Writes the same for a person."""

    def __init__(self) -> None:
        super().__init__(_TEXT)

    def formatMessage(self, record: logging.LogRecord) -> str:
        context = {name: getattr(record, name, None) for name in _CONTEXT}
        told = [f"{name}={value}" for name, value in context.items() if value is not None]
        return " ".join([super().formatMessage(record), *told])


def logging_of(settings: Settings) -> dict[str, Any]:
    """The configuration (logging.config.dictConfig) of a process's log, on the error stream."""
    text = settings.log == "text" or (settings.log == "auto" and sys.stderr.isatty())
    formatter = f"{__name__}.{'TextFormatter' if text else 'JsonFormatter'}"
    quiet = ("alembic.runtime.plugins", "httpx", "httpcore", "websockets")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        # Whole URLs are in the lines of some, and those of nodes may carry keys.
        "loggers": {name: {"level": "WARNING"} for name in quiet},
        "root": {"handlers": ["stderr"], "level": "INFO"},
    }


def begin_log(settings: Settings) -> None:
    """Have this process write its log as the settings say."""
    logging.config.dictConfig(logging_of(settings))
