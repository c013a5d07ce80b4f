"""The client that waits in a thread: one method for each thing that the API offers."""

from __future__ import annotations

from ledger.client.calling import Caller
from ledger.client.calls import Calls


class Client(Calls, Caller):
    """The ledger over HTTP, for one API key; safe to use from many threads.

    Writing requests carry an `Idempotency-Key` (a random one unless given) and are repeated,
    like all others, while the service is unreachable or busy, for `patience` seconds at most;
    while its queue is full, for `queue_patience` (as long, unless given).
    """
