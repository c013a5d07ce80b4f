"""The line between a mirror and its node: what is asked is answered, or something else happens.

One fault a request at most, drawn from a seed, and by what the request asks.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import msgspec

from ledger.chain.rpc import RpcClient
from tests.faults.lives import reach
from tests.faults.mirror import lies, wordings
from tests.faults.mirror.node import Answer, Node, Silence

_ANY: Final = (
    *("drop", "timeout", "cut", "page", "page", "garbage", "another", "null", "error", "error"),
    *("half", "turned", "stale", "behind", "behind", "ahead", "sibling", "sibling", "stranger"),
    *("reorg before", "reorg after", "reorg before", "reorg after", "mine before", "mine after"),
    *("shorten before", "shorten after"),
)
_OF_ITS_OWN: Final[Mapping[str, Mapping[str, Callable[..., Any]]]] = {
    "eth_getBlockByNumber": lies.HEADERS,
    "eth_getBlockByHash": lies.HEADERS,
    "eth_getLogs": lies.LOGS,
    "eth_getStorageAt": lies.STORAGE,
    "eth_getProof": lies.PROOFS,
}
_OFTEN: Final = {"eth_getLogs": 2, "eth_getStorageAt": 4, "eth_getProof": 4}


class Trouble(Exception):
    """No answer of JSON-RPC comes; `happen` does what HTTP has instead."""

    def __init__(self, happen: Callable[[httpx.Request], httpx.Response]) -> None:
        super().__init__()
        self.happen = happen


@dataclass
class Line:
    """Asks `node`, with faults at `rate` (0: none; 1: at every request).

    `act` changes what the node shows; `told` counts what went wrong, by kind. `only` names the
    one fault that is wanted. `pass_` lets time pass, in seconds.
    """

    node: Node
    act: Callable[[str], None]
    random: random.Random
    rate: float = 0.0
    calls: int = 0
    only: str = ""
    pass_: Callable[[float], None] = lambda _: None
    told: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    _older: dict[str, deque[Answer]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=4))
    )

    def post(self, request: Any) -> bytes:
        """Answer a request or a batch, as the body of an answer of HTTP. Raises Trouble."""
        self.calls += 1
        asked = request if isinstance(request, list) else [request]
        of = asked[0] if len(asked) == 1 else self.random.choice(asked)
        fault = self._draw(of["method"]) if self.random.random() < self.rate else ""
        if fault:
            self.told[fault] += 1
            self.log.append(f"{fault}: {of['method']}")
        if asked[0]["method"] == "eth_getProof":
            self.pass_(self.node.habits.proofs or 0.0)
        act, _, when = fault.rpartition(" ")
        if when == "before":
            self.act(act)
        try:
            refused = self.node.refuse_batch(len(asked)) if isinstance(request, list) else None
            if refused is not None:
                return msgspec.json.encode({"jsonrpc": "2.0", "id": None, "error": refused})
            answers = self._answer(fault, asked)
        except Silence as silence:
            raise Trouble(_page(silence.status)) from None
        if when == "after":
            self.act(act)
        return self._write(fault, answers if isinstance(request, list) else answers[0])

    def _draw(self, method: str) -> str:
        known = (*_ANY, *(tuple(_OF_ITS_OWN.get(method, ())) * _OFTEN.get(method, 1)))
        return self.only if self.only in known else "" if self.only else self.random.choice(known)

    def _answer(self, what: str, asked: Sequence[Answer]) -> list[Answer]:
        node = self._node(what)
        answers = [self._one(what, node, one) for one in asked]
        match what:
            case "half" if len(answers) > 1:
                del answers[self.random.randrange(len(answers))]
            case "turned":
                answers.reverse()  # as JSON-RPC allows
        return answers

    def _node(self, what: str) -> Node:
        """Who answers: another one behind the same address may, which has come less far."""
        node, grove = self.node, self.node.grove
        match what:
            case "behind":
                return node.beside(head=max(0, node.head - self.random.randint(1, 12)))
            case "ahead":
                head = min(len(node.branch) - 1, node.head + self.random.randint(1, 5))
                return node.beside(head=head)
            case "sibling":
                branch = self.random.choice(grove.branches)
                return node.beside(branch=branch, head=min(len(branch) - 1, node.head))
            case "stranger":
                branch = grove.stranger
                head = min(len(branch) - 1, node.head)
                return node.beside(branch=branch, head=head, final=min(head, node.final))
        return node

    def _one(self, what: str, node: Node, asked: Answer) -> Answer:
        key = f"{asked['method']}{asked['params']}"
        older = self._older[key]
        if what == "stale" and older:
            return self.random.choice(older) | {"id": asked["id"]}
        answer = node.answer(asked)
        if what == "" and self.rate:
            older.append(answer)
        lie = _OF_ITS_OWN.get(asked["method"], {}).get(what)
        if lie is not None and "result" in answer and answer["result"] is not None:
            answer = answer | {"result": lie(self.node, self.random, answer["result"])}
        match what:
            case "null":
                return {"jsonrpc": "2.0", "id": asked["id"], "result": None}
            case "error":
                told = wordings.say(self.random.choice(wordings.PASSING), 0, 0, 0)
                return {"jsonrpc": "2.0", "id": asked["id"], "error": told}
            case "another":
                return answer | {"id": asked["id"] + 1}
        return answer

    def _write(self, what: str, told: Answer | list[Answer]) -> bytes:
        body = msgspec.json.encode(told)
        match what:
            case "drop":
                raise Trouble(_failing(httpx.RemoteProtocolError("the connection ended")))
            case "timeout":
                raise Trouble(_failing(httpx.ReadTimeout("timed out")))
            case "page":
                status = self.random.choice(wordings.STATUSES)
                raise Trouble(_page(status))
            case "cut":
                return body[: self.random.randrange(len(body))]
            case "garbage":
                return self.random.choice(lies.BODIES)
        return body


def _page(status: int) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, html="<html><body><h1>Sorry</h1></body></html>")


def _failing(error: httpx.TransportError) -> Callable[[httpx.Request], httpx.Response]:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    return fail


def _unread(answer: httpx.Response) -> httpx.Response:
    """An answer as it comes from a socket: its body is still to be read."""
    body = httpx.ByteStream(answer.content)
    return httpx.Response(answer.status_code, headers=answer.headers, stream=body)


class Client(RpcClient):
    """A client at the end of a line, that says when it is about to ask, and when it was answered.

    What HTTP does is done by the product's own transport; one that is `whole` asks all by it.
    """

    def __init__(
        self, line: Line, *, whole: bool = False, passing: Callable[[str], None] = reach
    ) -> None:
        super().__init__("http://127.0.0.1:1", patience=0.0)
        self._client.close()
        self._client = httpx.Client(transport=httpx.MockTransport(self._serve))
        self._line, self._whole, self._passing = line, whole, passing
        self._trouble: Trouble | None = None

    def _post(self, method: str, request: object) -> bytes:
        self._passing(f"before {method}")
        answer = self._ask_line(method, request)
        self._passing(f"after {method}")
        return answer

    def _ask_line(self, method: str, request: object) -> bytes:
        if self._whole:
            return super()._post(method, request)
        try:
            return self._line.post(request)
        except Trouble as trouble:
            self._trouble = trouble
            return super()._post(method, request)

    def _serve(self, request: httpx.Request) -> httpx.Response:
        trouble, self._trouble = self._trouble, None
        try:
            if trouble is not None:
                raise trouble
            body = self._line.post(msgspec.json.decode(request.content))
        except Trouble as happening:
            return _unread(happening.happen(request))
        headers = {"content-type": "application/json"}
        return _unread(httpx.Response(200, content=body, headers=headers))
