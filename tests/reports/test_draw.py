"""A draw is repeated by anybody, favours no asset, and begins the same however large it is."""

from __future__ import annotations

import json
from collections import Counter
from itertools import count, islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedValue
from ledger.hashing import keccak
from ledger.reports.draw import MOST_DRAWN, draw, evenly

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "draws.json").read_bytes())
HASHES = st.binary(min_size=32, max_size=32)


def plainly(domain: bytes, seed: bytes, population: int, wanted: int) -> list[int]:
    """The same by the README's words, written another way."""
    bound = 2**256 // population * population
    drawn: list[int] = []
    counter = 0
    while len(drawn) < min(wanted, population):
        numbers = f"{population:064x}{counter:064x}"
        word = keccak(domain + seed + bytes.fromhex(numbers))
        counter += 1
        value = int(word.hex(), 16)
        if value < bound and value % population not in drawn:
            drawn.append(value % population)
    return drawn


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["what"])
def test_a_draw_is_what_the_vectors_say(vector: dict[str, object]) -> None:
    domain, seed = (bytes.fromhex(str(vector[name])[2:]) for name in ("domain", "seed"))
    population, wanted = (int(str(vector[name])) for name in ("population", "wanted"))
    assert list(draw(domain, seed, population, wanted)) == vector["drawn"]


@given(HASHES, HASHES, st.integers(1, 400), st.integers(1, 60))
def test_whoever_follows_the_steps_draws_the_same(
    domain: bytes, seed: bytes, population: int, wanted: int
) -> None:
    drawn = draw(domain, seed, population, wanted)
    assert list(drawn) == plainly(domain, seed, population, wanted)
    assert len(set(drawn)) == len(drawn) == min(population, wanted)
    assert all(0 <= number < population for number in drawn)


@given(HASHES, HASHES, st.integers(1, 2**24), st.integers(1, 40), st.integers(1, 40))
def test_a_larger_draw_begins_with_a_smaller(
    domain: bytes, seed: bytes, population: int, one: int, other: int
) -> None:
    small, large = sorted((one, other))
    longer = draw(domain, seed, population, large)
    assert draw(domain, seed, population, small) == longer[: min(small, population)]


@given(HASHES, HASHES, HASHES)
def test_another_ledger_or_seed_or_population_draws_others(
    domain: bytes, seed: bytes, other: bytes
) -> None:
    drawn = draw(domain, seed, 2**40, 3)
    assert draw(domain, seed, 2**40 + 1, 3) != drawn
    if other not in (domain, seed):
        assert draw(other, seed, 2**40, 3) != drawn
        assert draw(domain, other, 2**40, 3) != drawn


@given(st.integers(1, 300))
def test_of_all_words_each_number_comes_as_often(population: int) -> None:
    """Uniform exactly, not nearly: over a span small enough to look at every word."""
    span = 300
    counted = Counter(evenly(range(span), population, span))
    assert set(counted) == set(range(population))
    assert set(counted.values()) == {span // population}


def test_over_many_seeds_no_asset_is_favoured() -> None:
    """Chi-squared over 7 assets, 6 degrees of freedom: 33.1 is passed once in 10⁵ such streams."""
    population, seeds = 7, 3_000
    first = Counter(
        draw(bytes(32), seed.to_bytes(32, "big"), population, 1)[0] for seed in range(seeds)
    )
    expected = seeds / population
    assert sum((first[n] - expected) ** 2 / expected for n in range(population)) < 33.1


def test_all_are_drawn_where_there_are_no_more() -> None:
    assert sorted(draw(bytes(32), bytes(32), 50, 1_000)) == list(range(50))
    assert draw(bytes(32), bytes(32), 0, 5) == ()


@pytest.mark.parametrize("wanted", [0, -1, MOST_DRAWN + 1])
def test_too_few_or_too_many_are_refused(wanted: int) -> None:
    with pytest.raises(MalformedValue) as refused:
        draw(bytes(32), bytes(32), 5, wanted)
    assert refused.value.fields["field"] == "sample"


def test_words_beyond_the_last_multiple_are_passed_over() -> None:
    assert list(islice(evenly(count(8), 3, 10), 1)) == [2]
    assert list(evenly([9], 3, 10)) == []
