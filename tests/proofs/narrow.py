"""A node before the real one that gives no more blocks, logs or bytes at once than it likes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from ledger.chain.rpc import RpcClient
from tests.faults.mirror.wordings import RANGE, SIZE, say
from tests.faults.proxy import Dropped, Proxy, Refusal, Upstream


@dataclass
class Narrow:
    """What it refuses: more than so many `blocks` or `logs` in one answer, slots in one proof.

    Refusals are worded in turn as real nodes word them. Every `drops`-th answer about logs ends
    midway. `asked` are the ranges that were asked for, `given` those that were answered.
    """

    upstream: Upstream
    blocks: int | None = None
    logs: int | None = None
    slots: int | None = None
    drops: int | None = None
    cuts: int | None = None
    asked: list[tuple[int, int]] = field(default_factory=list)
    given: list[tuple[int, int]] = field(default_factory=list)
    _range: Iterator[Any] = field(default_factory=lambda: cycle(RANGE))
    _size: Iterator[Any] = field(default_factory=lambda: cycle(SIZE))

    def answer(self, body: bytes) -> bytes | Refusal:
        request = json.loads(body)
        if isinstance(request, list) or request["method"] not in ("eth_getLogs", "eth_getProof"):
            return self.upstream.ask(body)
        if request["method"] == "eth_getProof":
            return self._prove(request, body)
        wanted = request["params"][0]
        first, last = (int(wanted[name], 16) for name in ("fromBlock", "toBlock"))
        self.asked.append((first, last))
        if self.blocks is not None and last - first >= self.blocks:
            return _refuse(request, say(next(self._range), first, last, self.blocks))
        answer = self.upstream.ask(body)
        if self.logs is not None and len(json.loads(answer)["result"]) > self.logs:
            return _refuse(request, say(next(self._size), first, last, self.logs))
        if self.drops is not None and len(self.asked) % self.drops == 0:
            raise Dropped(_begun(answer))
        if self.cuts is not None and len(answer) > self.cuts:
            raise Dropped(_begun(answer))
        self.given.append((first, last))
        return answer

    def _prove(self, request: Any, body: bytes) -> bytes:
        if self.slots is not None and len(request["params"][1]) > self.slots:
            return _refuse(request, {"code": -32602, "message": "too many storage keys"})
        return self.upstream.ask(body)


def _begun(answer: bytes) -> bytes:
    """The beginning of an answer that does not come to its end."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(answer) + answer[: len(answer) // 2]


def _refuse(request: Any, error: dict[str, object]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request["id"], "error": error}).encode()


@contextmanager
def narrow(url: str, **limits: int) -> Iterator[tuple[RpcClient, Narrow]]:
    """A client of such a node, and what it was asked."""
    with Upstream(url) as upstream:
        between = Narrow(upstream, **limits)  # type: ignore[arg-type]
        with Proxy(between.answer) as proxy, RpcClient(proxy.url) as rpc:
            yield rpc, between
