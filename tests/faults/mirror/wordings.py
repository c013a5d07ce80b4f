"""How real nodes and their gateways say no: the number and the words of each refusal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

Refusal = tuple[int, str]
"""A JSON-RPC error's number and words; `{first}`, `{last}` and `{most}` are filled in."""

RANGE: Final[Sequence[Refusal]] = (
    (-32000, "exceed maximum block range: {most}"),
    (-32000, "block range greater than {most} max"),
    (-32000, "block range exceeds {most}"),
    (-32000, "requested too many blocks from {first} to {last}, maximum is set to {most}"),
    (-32000, "query must be smaller than size {most}"),
    (-32005, "Requested range exceeds maximum range limit"),
    (-32005, "Maximum allowed number of requested blocks is {most}"),
    (-32011, "Block range is too large"),
    (-32012, "please limit the query to at most {most} blocks"),
    (
        -32047,
        "Invalid eth_getLogs request. 'fromBlock'-'toBlock' range too large. Max range: {most}",
    ),
    (-32600, "block range is too wide"),
    (-32600, "Block range limit exceeded. See more details in the documentation"),
    (-32600, "You can make eth_getLogs requests with up to a {most} block range."),
    (-32602, "eth_getLogs and eth_newFilter are limited to a {most} blocks range"),
    (-32602, "invalid params: block range is too wide (maximum {most})"),
    (-32602, "query exceeds max block range {most}"),
    (-32602, "maximum [from, to] blocks distance: {most}"),
    (-32614, "eth_getLogs is limited to a {most} range"),
    (-32616, "exceeds the range allowed for your plan (100000 > {most})"),
    (-32701, "exceed maximum block range: {most}"),
    (35, "ranges over {most} blocks are not supported on free tier"),
)
"""More blocks than the node looks through at once."""

SIZE: Final[Sequence[Refusal]] = (
    (-32000, "logs matched by query exceeds limit of {most}"),
    (-32000, "response size should not greater than 10000000 bytes"),
    (-32003, "response too large"),
    (-32005, "query returned more than {most} results"),
    (-32005, "query returned more than {most} results. Try with this block range [0x1, 0x2]."),
    (-32005, "Too many logs requested. Max logs per response is {most}."),
    (-32008, "Response is too big"),
    (-32020, "backend response too large"),
    (
        -32602,
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range"
        " and no limit on the response size, or you can request any block range with a cap of 10K"
        " logs in the response. Based on your parameters and the response size limit, this block"
        " range should work: [0x0, 0x1]",
    ),
    (-32602, "query exceeds max results {most}, retry with the range {first}-{last}"),
)
"""More logs than the node answers with."""

PRUNED: Final[Sequence[Refusal]] = (
    (-32000, "missing trie node 5f1a3b (path ) state 0x5f1a3b is not available"),
    (-32000, "required historical state unavailable (reexec=128)"),
    (-32000, "historical state 5f1a3b is not available"),
    (-32000, "state already discarded"),
    (-32000, "World state unavailable"),
    (-32000, "old data not available due to pruning"),
    (-32000, "header for hash not found"),
    (-32001, "No state available for block {first}"),
    (-32002, "No state available for block {first}"),
    (-32602, "Invalid params: state for block {first} is not available"),
    (4444, "pruned history unavailable"),
)
"""The state of an old block is gone."""

BATCH: Final[Sequence[Refusal]] = (
    (-32600, "batch too large"),
    (-32005, "Batch size is too large: at most {most} requests"),
    (-32600, "The batch size exceeds the limit of {most}"),
)
"""More requests at once than the node takes."""

PASSING: Final[Sequence[Refusal]] = (
    (-32000, "header not found"),
    (-32000, "unknown block"),
    (-32000, "internal error"),
    (-32000, "filter not found"),
    (-32001, "resource not found"),
    (-32002, "request timed out"),
    (-32005, "daily request count exceeded, request rate limited"),
    (-32005, "project ID request rate exceeded"),
    (-32007, "50/second request limit reached"),
    (-32011, "no backend is currently healthy to serve traffic"),
    (-32016, "eth_getLogs request was canceled due to enabled timeout."),
    (-32029, "Too Many Requests"),
    (-32601, "the method is not available"),
    (-32602, "block range extends beyond current head block"),
    (-32602, "invalid block range params"),
    (-32603, "Internal error"),
    (429, "Your app has exceeded its compute units per second capacity."),
)
"""What is no answer this time, and may be one the next time."""

STATUSES: Final = (400, 403, 404, 408, 413, 429, 500, 502, 503, 504, 520, 530)
"""HTTP statuses with which gateways answer, a page of HTML in the body."""


def say(refusal: Refusal, first: int, last: int, most: int) -> dict[str, object]:
    """The refusal as JSON-RPC has it."""
    number, words = refusal
    return {"code": number, "message": words.format(first=first, last=last, most=most)}
