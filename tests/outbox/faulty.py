"""A node that misbehaves towards broadcasts, as told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ledger.chain.rpc import RpcClient
from ledger.errors import NodeUnavailable, RpcError


class FaultyRpc(RpcClient):
    """Passes everything on, but treats a batch of broadcasts as `fault` says at that moment."""

    def __init__(self, url: str, fault: Callable[[], str]) -> None:
        super().__init__(url, patience=0.0)
        self.fault = fault

    def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        if not calls or calls[0][0] != "eth_sendRawTransaction":
            return super().batch(calls)
        match self.fault():
            case "drop before":
                raise NodeUnavailable("dropped before it was sent")
            case "drop after":
                super().batch(calls)
                raise NodeUnavailable("dropped after it was sent")
            case "duplicate":
                super().batch(calls)
                return super().batch(calls)
            case "swallow":
                return [None for _ in calls]
            case "lie":
                super().batch(calls)
                return [RpcError("eth_sendRawTransaction", -32000, "nonce too low") for _ in calls]
            case "deny":
                return [RpcError("eth_sendRawTransaction", -32000, "already known") for _ in calls]
        return super().batch(calls)
