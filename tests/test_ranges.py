"""A stretch of blocks is read whole and once, whatever a node refuses on the way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import NodeUnavailable, RpcError
from ledger.ranges import Span, read_ranges

BLOCKS = st.integers(0, 400)


@given(
    first=BLOCKS,
    length=BLOCKS,
    size=st.integers(1, 1000),
    most=st.integers(1, 300),
    crowd=st.sets(BLOCKS),
    weather=st.randoms(use_true_random=False),
)
def test_every_block_is_read_once_and_in_order(
    first: int, length: int, size: int, most: int, crowd: set[int], weather: object
) -> None:
    last = first + length - 1

    def ask(begin: int, end: int) -> list[int]:
        assert first <= begin <= end <= last
        if end - begin >= most:
            raise RpcError("eth_getLogs", -32000, "too wide")
        if end > begin and weather.random() < 0.2:  # type: ignore[attr-defined]
            raise NodeUnavailable("cut off")
        return [number for number in range(begin, end + 1) if number in crowd]

    told = list(read_ranges(ask, first, last, Span(size)))
    assert [one for _, some in told for one in some] == sorted(
        number for number in crowd if first <= number <= last
    )
    assert [upto for upto, _ in told] == sorted({upto for upto, _ in told})
    assert not length or told[-1][0] == last
    assert length or not told


@pytest.mark.parametrize("failure", [RpcError("eth_getLogs", 1, "no"), NodeUnavailable("gone")])
def test_a_single_block_that_is_refused_is_an_error(failure: Exception) -> None:
    def ask(begin: int, end: int) -> list[int]:
        if begin <= 70 <= end:
            raise failure
        return []

    ranges = read_ranges(ask, 1, 100, Span(100))
    with pytest.raises(type(failure)):
        list(ranges)


def test_what_was_refused_is_not_asked_for_again_at_once() -> None:
    sizes: list[int] = []

    def ask(begin: int, end: int) -> list[int]:
        sizes.append(end - begin + 1)
        if end - begin >= 1000:
            raise RpcError("eth_getLogs", -32000, "too wide")
        return []

    answers = list(read_ranges(ask, 1, 2_000_000, Span(2_000_000)))
    assert len(sizes) - len(answers) < len(answers) / 7
    assert len(answers) < 2 * 2_000_000 / 500, "and not for much less either"


def test_crowded_blocks_are_asked_for_fewer_at_once() -> None:
    span = Span(10_000)
    span.adapt(100_000)
    assert span.size == 100
    span.adapt(10)
    assert span.size == 200
