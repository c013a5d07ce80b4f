"""Where the parts of proofs come from: a node, as far as it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from ledger.ranges import Span
from ledger.types import Address, Hash32


class BlockLike(Protocol):
    """A block: `header` is the node's own JSON, `timestamp` in seconds since 1970."""

    @property
    def number(self) -> int: ...
    @property
    def hash(self) -> Hash32: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def header(self) -> Mapping[str, Any]: ...


class LogLike(Protocol):
    """A log with its place."""

    @property
    def topics(self) -> tuple[Hash32, ...]: ...
    @property
    def data(self) -> bytes: ...
    @property
    def block_number(self) -> int: ...
    @property
    def block_hash(self) -> Hash32: ...


class SlotLike(Protocol):
    """A slot with the trie nodes that prove it."""

    @property
    def slot(self) -> Hash32: ...
    @property
    def value(self) -> int: ...
    @property
    def nodes(self) -> tuple[bytes, ...]: ...


class AccountLike(Protocol):
    """An account with the trie nodes that prove it and some of its slots (EIP-1186)."""

    @property
    def nodes(self) -> tuple[bytes, ...]: ...
    @property
    def slots(self) -> tuple[SlotLike, ...]: ...


class StateSource(Protocol):
    """A node that proves what an account holds as of a block."""

    def chain_id(self) -> int: ...
    def fetch_block(self, block: int | str | bytes, /) -> BlockLike: ...
    def fetch_proof(
        self, address: Address, slots: Sequence[Hash32], block: int | str | bytes, /
    ) -> AccountLike: ...


class Source(StateSource, Protocol):
    """Where a bundle's parts come from: a node, asked for one thing at a time."""

    def find_block(self, block: int | str | bytes, /) -> BlockLike | None: ...
    def read_logs(
        self,
        address: Address,
        topics: Sequence[Hash32 | Sequence[Hash32] | None],
        first: int,
        last: int,
        span: Span,
        /,
    ) -> Iterator[tuple[int, Sequence[LogLike]]]: ...
    def fetch_batch(self, calls: Sequence[tuple[str, Sequence[object]]], /) -> list[Any]: ...


def needed_nodes(nodes: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Some nodes list short nodes although their parents embed them; a proof does not."""
    return nodes[:1] + tuple(node for node in nodes[1:] if len(node) >= 32)
