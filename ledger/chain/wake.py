"""Wakes who waits for a block as soon as the node's websocket tells of one.

It carries nothing: whoever is woken asks the node himself, and asks now and then unwoken too. So
a websocket that is silent, dead, lying or not there changes only how soon a block is seen.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from types import TracebackType
from typing import Final, Literal, Self
from urllib.parse import SplitResult, urlsplit

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from ledger.errors import InputError

# It would tell the URL's path, and a hosted node's URL carries its key there.
logging.getLogger("websockets").setLevel(logging.WARNING)
_log = logging.getLogger(__name__)

_SUBSCRIBE: Final = json.dumps(
    {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}
)
_SCHEMES: Final = {"http": "ws", "https": "wss"}
_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_OPENING: Final = 5.0
_CLOSING: Final = 0.5
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 30.0
_SLICE: Final = 0.2
_REST: Final = 0.005
_DRAW: Final = random.Random()  # noqa: S311 - only spreads attempts


class NotSubscribed(Exception):
    """The node answers on its websocket, but tells of no blocks there."""


def websocket_url(rpc_url: str) -> str:
    """The address at which a node that serves `rpc_url` has its websocket, if at the same place."""
    scheme, rest = rpc_url.partition(":")[::2]
    return f"{_SCHEMES.get(scheme, scheme)}:{rest}"


class Wake:
    """Listens for blocks on a thread of its own, while it is entered.

    Raises InputError for a URL that is none of a websocket.
    """

    def __init__(self, url: str) -> None:
        parts = _parse(url)
        self.shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._url = url
        self._proxy: Literal[True] | None = None if parts.hostname in _HERE else True
        self._told = threading.Event()
        self._closing = threading.Event()
        self._connection: ClientConnection | None = None
        self._woke_at = 0.0
        self._thread = threading.Thread(target=self._listen, name="wake", daemon=True)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.shown!r})"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._closing.set()
        if self._connection is not None:
            self._connection.close()
        # One that is just connecting ends by itself: it has nothing that anybody would miss.
        self._thread.join(_CLOSING)

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait until a block came, `seconds` are over or `stop` is set, and say whether it is.

        What came since the last wait counts, and much at once counts as one.
        """
        until = time.monotonic() + seconds
        rest = self._woke_at + _REST - time.monotonic()
        if rest > 0 and stop.wait(min(rest, seconds)):
            return True
        # Nothing waits for one of two events, and it is the block that is in a hurry.
        while not stop.is_set() and (left := until - time.monotonic()) > 0:
            if self._told.wait(min(left, _SLICE)):
                break
        self._told.clear()
        self._woke_at = time.monotonic()
        return stop.is_set()

    # -- the thread ------------------------------------------------------------------------

    def _listen(self) -> None:
        pause, complained = _FIRST_PAUSE, False
        while not self._closing.is_set():
            began = time.monotonic()
            try:
                self._hear()
            except (WebSocketException, NotSubscribed, OSError, ValueError) as error:
                if not complained and not self._closing.is_set():
                    _log.info("no blocks told by %s: %s", self.shown, type(error).__name__)
                    complained = True
            if time.monotonic() - began > _LONGEST_PAUSE:
                pause, complained = _FIRST_PAUSE, False
            self._closing.wait(pause * _DRAW.uniform(0.5, 1.0))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _hear(self) -> None:
        """Listen until the connection ends."""
        with connect(
            self._url,
            compression=None,
            proxy=self._proxy,
            open_timeout=_OPENING,
            close_timeout=_CLOSING,
        ) as connection:
            self._connection = connection
            if self._closing.is_set():
                return
            _subscribe(connection)
            # What came before the subscription is told by nobody.
            self._told.set()
            for _ in connection:
                self._told.set()


def _subscribe(connection: ClientConnection) -> None:
    connection.send(_SUBSCRIBE)
    answer = connection.recv(_OPENING)
    try:
        subscribed = bool(json.loads(answer)["result"])
    except (ValueError, TypeError, LookupError):
        subscribed = False
    if not subscribed:
        raise NotSubscribed


def _parse(url: str) -> SplitResult:
    """Read a websocket's URL; the error never shows it, as it may hold a password."""
    try:
        parts = urlsplit(url)
        named = parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        raise InputError("the websocket's URL is not one") from None
    if parts.scheme not in _SCHEMES.values() or not named:
        raise InputError("the websocket's URL does not begin with ws:// or wss:// and a host")
    return parts
