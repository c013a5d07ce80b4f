"""What is read while the rest is still being imported is what an empty mirror is filled with."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.database.engine import open_engine
from ledger.mirror import apart, fill
from ledger.mirror.early import reading_early
from ledger.mirror.run import index
from ledger.mirror.store import Store
from ledger.settings import Settings
from tests.mirror.chain import Chain
from tests.mirror.lives import Life
from tests.mirror.mirroring import FinalUpTo, assert_equals_chain

pytestmark = pytest.mark.skipif(
    apart.CONTEXT.get_start_method() != "fork", reason="what is changed here must be inherited"
)


@pytest.fixture
def lived(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> Chain:
    """A chain that is far ahead of nothing."""
    monkeypatch.setattr(apart, "_FAR", 6)
    for _ in Life(chain).live():
        chain.mine()
    return chain


def test_an_empty_mirror_takes_what_was_read_early_and_nothing_is_read_twice(
    lived: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    settings = Settings(rpc_url=lived.rpc.url, database_url=url)
    finality = FinalUpTo(lived.rpc.fetch_block_number())
    with reading_early(lived.rpc.url, url, lived.deployed, finality) as early:
        assert early is not None
        monkeypatch.setattr(fill, "ReadAhead", None)  # no other one can be begun
        index(settings, lived.deployed, finality, to_head=True, early=early)
    assert_equals_chain(lived, Store(open_engine(url)))


def test_what_was_read_early_is_not_taken_where_the_mirror_has_gone_on_meanwhile(
    lived: Chain, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    settings = Settings(rpc_url=lived.rpc.url, database_url=url)
    final = lived.rpc.fetch_block_number()
    with reading_early(lived.rpc.url, url, lived.deployed, FinalUpTo(final)) as early:
        index(settings, lived.deployed, FinalUpTo(0), to_head=True)
        index(settings, lived.deployed, FinalUpTo(final), to_head=True, early=early)
    assert_equals_chain(lived, Store(open_engine(url)))


def test_nothing_is_read_early_for_a_database_that_is_not_empty_or_from_a_node_that_is_not_there(
    lived: Chain, tmp_path: Path
) -> None:
    finality = FinalUpTo(lived.rpc.fetch_block_number())
    path = tmp_path / "ledger.db"
    with reading_early("http://127.0.0.1:1", f"sqlite:///{path}", lived.deployed, finality) as none:
        assert none is None
    path.write_bytes(b"SQLite")
    with reading_early(lived.rpc.url, f"sqlite:///{path}", lived.deployed, finality) as none:
        assert none is None
