"""The process that validates by schemas: asked over its input, it answers on its output.

A question is a schema's SHA-256, the schema itself unless it was sent before, and documents; the
answer has the faults of each, or why the schema cannot be used. Both are MessagePack behind four
bytes of length. An empty answer comes first, once it is ready; it ends with its input.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from typing import IO, Final

import msgspec

from ledger.standards.json_schema import SchemaFault, UnusableSchema, find_faults, verify_schema

KEPT: Final = 64
"""Schemas that are remembered; both sides forget the one that was not asked by for longest."""


class Question(msgspec.Struct):
    """Documents to be validated; none: only the schema itself is looked at."""

    digest: bytes
    schema: bytes | None
    documents: list[bytes]


class Answer(msgspec.Struct):
    """The faults of each document; or what is wrong with the schema, and where."""

    faults: list[list[SchemaFault]] = []
    unusable: str | None = None
    path: str = ""


_QUESTIONS: Final = msgspec.msgpack.Decoder(Question)


def send(stream: IO[bytes], message: msgspec.Struct) -> None:
    """Write a message."""
    raw = msgspec.msgpack.encode(message)
    stream.write(len(raw).to_bytes(4) + raw)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """Read a message. Raises EOFError."""
    head = stream.read(4)
    raw = stream.read(int.from_bytes(head)) if len(head) == 4 else b""
    if len(head) != 4 or len(raw) != int.from_bytes(head):
        raise EOFError
    return raw


def answer(kept: OrderedDict[bytes, bytes], question: Question) -> Answer:
    """What is to be said to a question."""
    if question.schema is not None:
        kept[question.digest] = question.schema
    schema = kept[question.digest]
    kept.move_to_end(question.digest)
    while len(kept) > KEPT:
        kept.popitem(last=False)
    try:
        verify_schema(schema)
        return Answer([find_faults(schema, one) for one in question.documents])
    except UnusableSchema as error:
        return Answer(unusable=str(error.fields["reason"]), path=str(error.fields["path"]))


def main() -> None:
    """Say that all is ready, then answer until nobody asks any more."""
    send(sys.stdout.buffer, Answer())
    kept: OrderedDict[bytes, bytes] = OrderedDict()
    while True:
        try:
            question = _QUESTIONS.decode(receive(sys.stdin.buffer))
        except EOFError:
            return
        send(sys.stdout.buffer, answer(kept, question))


if __name__ == "__main__":
    main()
