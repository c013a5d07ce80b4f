"""The seed of a sample: the hash of a block that nobody had seen when the sample was asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ledger.errors import MalformedValue, NodeUnavailable
from ledger.types import to_hex

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.chain.finality import Finality
    from ledger.chain.rpc import RpcClient
    from ledger.chain.wire import Block
    from ledger.settings import Settings

NEXT: Final = "next"
"""Names the block after the newest, as it is when the mirror has been compared."""

_LOOK_EVERY: Final = 0.2


class SeedNotFinal(NodeUnavailable):
    """The seed's block was not final in time."""

    code = "seed_not_final"
    advice = "audit again with --replay, --block and --seed once it is, or wait longer by --within"


@dataclass(frozen=True, slots=True)
class Request:
    """A sample that was asked for: `at` seconds since 1970, when `newest` was the newest block.

    `seed` is the number of the block whose hash is to be the seed. A replay repeats a draw of
    which that block was there already.
    """

    at: int
    newest: Block
    seed: int
    replay: bool
    is_next: bool = False


def find_finality(settings: Settings, node: str) -> Finality:
    """The policy of the settings, or that of the ledger which `up` runs here, if it is that one."""
    from ledger.chain.finality import DumpFinality
    from ledger.chain.state import chain_folder, final_path
    from ledger.cli.access import load_running
    from ledger.cli.worker import choose_finality

    embedded = final_path(chain_folder(settings.data))
    is_ours = load_running(settings.data).get("rpc_url") == node and embedded.exists()
    if is_ours and "finality" not in settings.model_fields_set:
        return DumpFinality(embedded)
    return choose_finality(settings)


def ask(rpc: RpcClient, seed: str, *, replay: bool) -> Request:
    """Note what is asked for, and what is known then.

    Raises:
        MalformedValue: `seed` is neither a number nor `next`, or of a block that is there already,
            or, of a replay, of one that is not.
    """
    newest = rpc.fetch_block("latest")
    at = int(time.time())
    if seed == NEXT and not replay:
        return Request(at, newest, newest.number + 1, replay, is_next=True)
    number = int(seed) if seed.isascii() and seed.isdecimal() and len(seed) < 16 else -1
    if replay and not 0 <= number <= newest.number:
        raise MalformedValue(
            field="--seed", value=seed, wanted=f"a block up to {newest.number}, to replay its draw"
        )
    if not replay and number <= newest.number:
        wanted = f"a block that is yet to come, after {newest.number}, or next"
        if number >= 0:
            wanted += "; --replay repeats an earlier draw"
        raise MalformedValue(field="--seed", value=seed, wanted=wanted)
    return Request(at, newest, number, replay)


def require_unknown(request: Request, counted: Block) -> None:
    """See that the seed is after a block that was there when assets were counted.

    Raises:
        MalformedValue: it is not.
    """
    if counted.number >= request.seed:
        raise MalformedValue(
            field="--seed",
            value=request.seed,
            wanted=f"a block after {counted.number}, which was there when assets were counted",
        )


def await_seed(
    rpc: RpcClient,
    finality: Finality,
    request: Request,
    within: float | None,
    tell: Callable[[str], None],
) -> Block:
    """The seed's block, once it is final.

    Raises:
        SeedNotFinal: it was not within so many seconds.
    """
    await_final(rpc, finality, request.seed, within, tell)
    seed = rpc.fetch_block(request.seed)
    tell(f"the seed is the hash of block {seed.number}, {to_hex(seed.hash)}")
    return seed


def await_final(
    rpc: RpcClient,
    finality: Finality,
    number: int,
    within: float | None,
    tell: Callable[[str], None],
) -> int:
    """The newest final block, once the one of that number is final.

    Raises:
        SeedNotFinal: it was not within so many seconds.
    """
    stop, began, told = threading.Event(), time.monotonic(), False
    while (final := finality.fetch_final_block(rpc)) < number:
        if within is not None and time.monotonic() - began > within:
            raise SeedNotFinal(
                f"block {number} was not final within {within:g} s; {final} is",
                block=number,
                final=final,
            )
        if not told:
            tell(f"waiting until block {number} is final; the newest final one is {final}")
            told = True
        stop.wait(_LOOK_EVERY)
    return final


@contextmanager
def seeding_chain(rpc: RpcClient, url: str | None) -> Iterator[RpcClient]:
    """A node of the chain whose block is the seed: another one by its URL, else the ledger's own.

    Raises:
        MalformedValue: the other chain has the same number, and could not be told apart.
    """
    if url is None:
        yield rpc
        return
    from ledger.chain.rpc import RpcClient

    with RpcClient(url) as other:
        if (number := other.chain_id()) == rpc.chain_id():
            raise MalformedValue(
                field="--seed-rpc", value=f"chain {number}", wanted="a chain of another number"
            )
        yield other
