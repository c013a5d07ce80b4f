"""What the proxy does wrong: one fault a request, drawn from a seed, by what the request asks."""

from __future__ import annotations

import json
import random
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from tests.faults.proxy import Dropped, Refusal, Upstream

_ANY: Final = (
    *("drop before", "drop after", "cut", "truncate", "duplicate", "delay", "null", "busy"),
    *("garbage", "error", "lie", "mine before", "mine after", "reorg before", "reorg after"),
    *("evict before", "evict after"),
)
_READ: Final = ("stale", "stale", "lag", "elsewhere")
_SEND: Final = ("swallow", "swallow", "deny", "lie", "drop after")
_LOGS: Final = ("logs short", "logs twice", "logs turned", "logs none", "logs short")

_SENDING: Final = "eth_sendRawTransaction"
_TEXTS: Final = (
    "nonce too low",
    "already known",
    "insufficient funds for gas * price + value",
    "replacement transaction underpriced",
    "transaction underpriced",
    "internal error",
    "execution reverted",
    "header not found",
    "request timed out",
    "too many requests",
)


class _Asked(msgspec.Struct):
    id: int
    method: str
    params: msgspec.Raw


@dataclass
class Faults:
    """Answers requests through `node`, with faults at `rate` (0: none; 1: at every request).

    `laggard` serves the same chain as it was long ago, `stranger` another chain of the same
    number; `act` mines, reorganises or evicts. `told` counts what was done, by kind. `only` names
    the one fault that is wanted.
    """

    node: Upstream
    laggard: Upstream | None
    stranger: Upstream | None
    act: Callable[[str], None]
    random: random.Random
    rate: float = 0.0
    calls: int = 0
    mines_at_once: bool = True
    only: str = ""
    told: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    _older: dict[bytes, deque[bytes]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=4))
    )

    def close(self) -> None:
        for upstream in (self.node, self.laggard, self.stranger):
            if upstream is not None:
                upstream.close()

    def answer(self, body: bytes) -> bytes | Refusal:
        self.calls += 1
        asked = _read_asked(body)
        fault = self._draw(asked[0].method) if self.random.random() < self.rate else ""
        if fault:
            self.told[fault] += 1
            self.log.append(f"{fault}: {asked[0].method}")
        return self._misbehave(fault, body, asked)

    def _draw(self, method: str) -> str:
        if self.only:
            return self.only
        known = list(_ANY)
        known += _SEND if method == _SENDING else _READ
        if method == "eth_getLogs":
            known += 3 * _LOGS
        return self.random.choice(known)

    def _misbehave(self, fault: str, body: bytes, asked: Sequence[_Asked]) -> bytes | Refusal:
        what, _, when = fault.partition(" ")
        match what:
            case "drop":
                if when == "after":
                    self._forward(body, asked)
                raise Dropped
            case "cut":
                answer = self._forward(body, asked)
                raise Dropped(b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n" + answer[:40])
            case "busy":
                return Refusal(self.random.choice([429, 502, 503]))
            case "truncate":
                answer = self._forward(body, asked)
                return answer[: self.random.randrange(len(answer))]
            case "garbage":
                return b'{"jsonrpc": "2.0", "id": 1, "result": "0x"}'
            case "duplicate":
                self._forward(body, asked)
                return self._forward(body, asked)
            case "delay":
                time.sleep(0.002)
            case "null" | "swallow":
                return _answer_all(body, asked, result=None)
            case "error" | "deny":
                return self._refuse(body, asked)
            case "lie":
                self._forward(body, asked)
                return self._refuse(body, asked)
            case "stale":
                return self._stale(body, asked)
            case "lag" if self.laggard is not None:
                return self.laggard.ask(body)
            case "elsewhere" if self.stranger is not None:
                return self.stranger.ask(body)
            case "logs":
                return self._spoil_logs(when, self._forward(body, asked))
            case "mine" | "reorg" | "evict":
                return self._act_inside(what, when, body, asked)
        return self._forward(body, asked)

    def _act_inside(self, what: str, when: str, body: bytes, asked: Sequence[_Asked]) -> bytes:
        if when == "before":
            self.act(what)
        answer = self._forward(body, asked)
        if when == "after":
            self.act(what)
        return answer

    def _forward(self, body: bytes, asked: Sequence[_Asked]) -> bytes:
        answer = self.node.ask(body)
        if asked[0].method == _SENDING:
            if self.mines_at_once:
                self.act("mine")
        elif self.rate:
            self._older[_key(asked)].append(answer)
        return answer

    def _stale(self, body: bytes, asked: Sequence[_Asked]) -> bytes:
        """An answer that was right when the same was asked before."""
        older = self._older.get(_key(asked))
        if not older:
            return self._forward(body, asked)
        answers = json.loads(self.random.choice(older))
        for answer, one in zip(
            answers if isinstance(answers, list) else [answers], asked, strict=False
        ):
            answer["id"] = one.id
        return json.dumps(answers).encode()

    def _refuse(self, body: bytes, asked: Sequence[_Asked]) -> bytes:
        text = self.random.choice(_TEXTS)
        return _answer_all(body, asked, error={"code": -32000, "message": text})

    def _spoil_logs(self, how: str, body: bytes) -> bytes:
        answer = json.loads(body)
        logs = answer.get("result")
        if isinstance(logs, list) and logs:
            at = self.random.randrange(len(logs))
            match how:
                case "short":
                    del logs[at]
                case "twice":
                    logs.insert(at, logs[at])
                case "turned":
                    logs.reverse()
                case "none":
                    logs.clear()
        return json.dumps(answer).encode()


def _read_asked(body: bytes) -> list[_Asked]:
    if body.startswith(b"["):
        return msgspec.json.decode(body, type=list[_Asked])
    return [msgspec.json.decode(body, type=_Asked)]


def _key(asked: Sequence[_Asked]) -> bytes:
    return b"".join(one.method.encode() + bytes(one.params) for one in asked)


def _answer_all(body: bytes, asked: Sequence[_Asked], **told: Any) -> bytes:
    answers = [{"jsonrpc": "2.0", "id": one.id, **told} for one in asked]
    return json.dumps(answers if body.startswith(b"[") else answers[0]).encode()
