"""The client that waits in an event loop: the same methods, to be awaited."""

from __future__ import annotations

from ledger.client.calling import AsyncCaller
from ledger.client.calls import Calls


class AsyncClient(Calls, AsyncCaller):
    """As `Client`, for tasks of one event loop (asyncio); lists are gone through by `async for`."""
