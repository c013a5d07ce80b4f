"""Bringing a mirror up, and comparing it with another one, with a fold and with the contract."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlmodel import select

from ledger.chain.rpc import RpcClient
from ledger.database.engine import open_engine, reading, upgrade
from ledger.domain.asset import Asset
from ledger.domain.ledger import Ledger
from ledger.domain.organisation import Organisation
from ledger.domain.relations import Claim, Holding, Listing, Relation
from ledger.hashing import organisation_address
from ledger.mirror import periods
from ledger.mirror.fetch import fetch_base
from ledger.mirror.follow import follow
from ledger.mirror.keeping import KEEPINGS
from ledger.mirror.rows import read_entry
from ledger.mirror.steps import Step
from ledger.mirror.store import Store
from ledger.mirror.subject_rows import fetch_subjects
from ledger.mirror.tables import EntryRow, MirrorRow
from ledger.proofs.layout import decode_word, ledger_head_slot
from ledger.types import ZERO_ADDRESS, ZERO_HASH, Hash32, Party
from tests.mirror.chain import Chain

FOLDED = (
    EntryRow.__table__,  # type: ignore[attr-defined]
    *(keeping.table for keeping in KEEPINGS),
    *(keeping.table for keeping in periods.KEEPINGS.values()),
)


@dataclass
class FinalUpTo:
    """A finality that a test moves by hand."""

    number: int = 0
    sole: bool = False

    def fetch_final_block(self, _: RpcClient) -> int:
        return self.number


def never_waits(_: float) -> bool:
    return False


def catch_up(
    chain: Chain,
    store: Store,
    finality: FinalUpTo | None = None,
    rpc: RpcClient | None = None,
    *,
    sole: bool = False,
) -> list[Step]:
    """Mirror all that the node has, and return the steps that it took."""
    store.begin(chain.deployed, fetch_base(chain.rpc, chain.deployed))
    taken = []
    for step in follow(
        rpc or chain.rpc,
        chain.deployed,
        store,
        finality or FinalUpTo(sole=sole),
        wait=never_waits,
        to_head=True,
    ):
        store.apply(step)
        taken.append(step)
    return taken


def contents(store: Store) -> dict[str, Any]:
    """All that the mirror says of the ledger, and where it stands."""
    with reading(store.engine) as session:
        told: dict[str, Any] = {
            table.name: [
                dict(row)
                for row in session.connection()
                .execute(table.select().order_by(*table.primary_key))
                .mappings()
            ]
            for table in FOLDED
        }
        row = session.exec(select(MirrorRow)).one()
        told["at"] = (row.block_number, row.block_hash, row.ledger_head, row.sequence)
    return told


@contextmanager
def fresh_mirror(chain: Chain) -> Iterator[Store]:
    """Another mirror, filled from the chain as it is now."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'fresh.db'}")
        upgrade(engine)
        store = Store(engine)
        catch_up(chain, store)
        yield store
        engine.dispose()


def fetch_ledger_head(chain: Chain, block: bytes) -> Hash32:
    """The ledger head after a block, be it older than the contract."""
    return chain.rpc.fetch_storage(chain.deployed.contract, ledger_head_slot(), block)


def assert_equals_chain(chain: Chain, store: Store) -> None:
    """The mirror equals a fresh one, a fold of all entries, and the contract's own answers."""
    with fresh_mirror(chain) as fresh:
        assert contents(store) == contents(fresh)
    with reading(store.engine) as session:
        mirror = session.exec(select(MirrorRow)).one()
        rows = session.exec(select(EntryRow).order_by(EntryRow.sequence)).all()
        subjects = fetch_subjects(session, {row.subject for row in rows})
    assert mirror.ledger_head == fetch_ledger_head(chain, mirror.block_hash)
    ledger = Ledger(chain.domain)
    told = relations_told(store)
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        ledger.append(read_entry(row))
        if following is None or following.block_number > row.block_number:
            assert_relations(ledger, told, row.block_number)
    assert subjects == ledger.subjects
    assert mirror.ledger_head == ledger.ledger_head
    newest = chain.rpc.fetch_block("latest").timestamp
    for subject in ledger.subjects.values():
        assert_subject(chain, ledger, subject, newest)
    for relation in ledger.relations:
        assert_relation(chain, ledger, relation, newest)


def relations_told(store: Store) -> list[tuple[Relation, int, int | None]]:
    """All that the mirror's periods say, with the blocks from which and to which."""
    told = []
    with reading(store.engine) as session:
        for keeping in periods.KEEPINGS.values():
            for row in session.connection().execute(keeping.table.select()).mappings():
                values = {name: row[name] for name in keeping.names}
                if "party" in values:
                    values["party"] = Party[values["party"].upper()]
                told.append((keeping.relation(**values), row["from_block"], row["to_block"]))
    return told


def assert_relations(
    ledger: Ledger, told: list[tuple[Relation, int, int | None]], block: int
) -> None:
    """The periods say of a block what the entries up to it do."""
    standing = [
        relation
        for relation, begun, ended in told
        if begun <= block
        and (ended is None or block < ended)
        # Of an asset of a batch the fold says nothing until it has an entry of its own.
        and not (isinstance(relation, Holding) and relation.asset not in ledger.subjects)
    ]
    assert len(standing) == len(set(standing))
    assert set(standing) == set(map(as_kept, ledger.relations))


def as_kept(relation: Relation) -> Relation:
    """The relation as a database of 63-bit numbers has it."""
    expires = getattr(relation, "expires", 0)
    return replace(relation, expires=2**63 - 1) if expires >= 2**63 else relation  # type: ignore[call-arg]


def assert_subject(chain: Chain, ledger: Ledger, subject: Any, newest: int) -> None:
    contract = chain.contract
    word = decode_word(contract.fetch_word(subject.id))
    assert (subject.count, subject.opened_at) == (word.count, word.opened_at)
    assert subject.head == contract.fetch_head(subject.id)
    match subject:
        case Organisation():
            assert (subject.active, len(subject.accounts)) == (not word.suspended, word.accounts)
        case Asset():
            assert organisation_address(subject.owner) == word.owner
            assert (subject.frozen, subject.stage) == (word.frozen, word.stage)
            assert subject.offered == word.offered
            assert contract.fetch_parent(subject.id) == (subject.parent or ZERO_HASH)
            for party in Party:
                org = ledger.party_of(subject.id, party)
                address = organisation_address(org) if org else ZERO_ADDRESS
                assert contract.fetch_party(subject.id, party) == address
                offer = ledger.offer_of(subject.id, party, newest)
                told = (organisation_address(offer.to), offer.expires) if offer else (bytes(20), 0)
                assert contract.fetch_offer(subject.id, party) == told


def assert_relation(chain: Chain, ledger: Ledger, relation: Relation, newest: int) -> None:
    contract = chain.contract
    match relation:
        case Claim(subject, position, issuer, schema):
            told = contract.fetch_is_in_force(subject, position, issuer, schema)
            assert told == ledger.is_in_force(subject, position, issuer, schema, newest)
        case Listing(asset, world):
            told = contract.fetch_is_listed(asset, world)
            assert told == ledger.is_listed(asset, world, newest)
            assert contract.fetch_is_open(world) == ledger.is_open(world)
            assert contract.fetch_admission(world) == ledger.admission_of(world)
