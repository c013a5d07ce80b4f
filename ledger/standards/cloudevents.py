"""Events as others read them: CloudEvents 1.0.2 in the JSON format, one object an event."""

from __future__ import annotations

from typing import Any, Final

MEDIA_TYPE: Final = "application/cloudevents+json"
"""Of one event in structured mode (JSON Event Format, 3)."""

VERSION: Final = "1.0"


def tell_cloud_event(
    *, id: str, source: str, type: str, time: str, data: Any, **attributes: str
) -> dict[str, Any]:
    """An event with its context attributes (CloudEvents, 3); `source` and `id` name it for ever.

    `attributes` are optional ones and extensions: lower-case letters and digits name them.
    """
    return {
        "specversion": VERSION,
        "id": id,
        "source": source,
        "type": type,
        **attributes,
        "time": time,
        "datacontenttype": "application/json",
        "data": data,
    }
