"""Begins to read a ledger while all that writes it is still being imported."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ledger.chain.finality import Finality
from ledger.chain.identity import Deployed
from ledger.chain.rpc import RpcClient
from ledger.database.empty import is_empty
from ledger.errors import MirrorError, NodeError
from ledger.mirror.apart import Ahead, ReadAhead, find_work
from ledger.mirror.fetch import fetch_base
from ledger.mirror.steps import Cursor, PassedBlock
from ledger.types import ZERO_HASH

_log = logging.getLogger(__name__)


@contextmanager
def reading_early(
    rpc_url: str, database_url: str, deployed: Deployed, finality: Finality
) -> Iterator[ReadAhead | None]:
    """Read ahead from the ledger's base, if the database is empty and much is to be read.

    Whose chain it is need not be known for that, as nothing is taken before it is.
    """
    work = _find_work(rpc_url, database_url, deployed, finality)
    if work is None:
        yield None
        return
    with ReadAhead(work) as ahead:
        yield ahead


def _find_work(
    rpc_url: str, database_url: str, deployed: Deployed, finality: Finality
) -> Ahead | None:
    if not is_empty(database_url):
        return None
    try:
        with RpcClient(rpc_url, patience=0.0) as rpc:
            cursor = begin(fetch_base(rpc, deployed))
            return find_work(rpc, database_url, deployed, finality, cursor)
    except (NodeError, MirrorError) as error:
        _log.debug("following will find out: %s", error)
        return None


def begin(base: PassedBlock) -> Cursor:
    """Where a mirror stands that begins at that block."""
    return Cursor(base.number, base.hash, ZERO_HASH, 0, base.number)
