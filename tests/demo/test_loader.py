"""The demo loads over the API as told, at once, again, or after it was broken off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.client import ApiProblem, Client
from ledger.demo import DemoOrganisation, KeyLost, load_demo
from ledger.demo.enterprises import ENTERPRISES
from ledger.demo.telling import write
from ledger.demo.worlds import all_lives
from tests.api.running import Running, running

LIVES = list(all_lives())


class PulledThePlug(Exception):
    """Stands for a crash in the middle."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("ledger")) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def operator(service: Running) -> Iterator[Client]:
    with Client(service.url, service.operator_key) as client:
        yield client


@pytest.fixture(scope="module")
def loaded(service: Running) -> list[DemoOrganisation]:
    """Loaded in three runs: broken off after some enrolments, after some entries, then whole."""
    keys: dict[str, str] = {}

    def keep_five(organisation: DemoOrganisation) -> None:
        if len(keys) == 5:
            raise PulledThePlug  # enrolled, but its key is lost
        keys[organisation.did] = organisation.api_key

    with pytest.raises(PulledThePlug):
        load_demo(service.url, service.operator_key, keys, on_enrolled=keep_five)

    def keep(organisation: DemoOrganisation) -> None:
        keys[organisation.did] = organisation.api_key

    def stop_midway(_: str, done: int, total: int) -> None:
        if 0 < done < total:
            raise PulledThePlug

    def issue(org: str) -> str:
        return _issue(service, org)

    for progress in (stop_midway, lambda _what, _done, _total: None):
        try:
            last = load_demo(
                service.url,
                service.operator_key,
                dict(keys),
                progress,
                on_enrolled=keep,
                issue_key=issue,
            )
        except PulledThePlug:
            continue
    return last


def _issue(service: Running, org: str) -> str:
    from ledger.database.engine import open_engine, writing
    from ledger.outbox.keys import issue_key
    from ledger.types import parse_hash

    engine = open_engine(service.settings.database())
    with writing(engine) as session:
        key = issue_key(session, parse_hash(org))
    engine.dispose()
    return key


def test_everybody_is_enrolled_in_order_with_a_key_that_works(
    service: Running, loaded: list[DemoOrganisation]
) -> None:
    assert [each.did for each in loaded] == [each.did for each in ENTERPRISES]
    for each in loaded:
        with Client(service.url, each.api_key) as client:
            organisation = client.get_organisation(each.did)
        assert (organisation.id, organisation.address) == (each.id, each.address)
        assert organisation.name == each.name
        assert each.api_key not in repr(each)


def test_the_ledger_holds_exactly_what_is_told(
    operator: Client, loaded: list[DemoOrganisation]
) -> None:
    dids = {each.id: each.did for each in loaded}
    held = {(dids[each.organisation], each.serial): each for each in operator.list_assets()}
    assert len(held) == len(LIVES)
    for life in LIVES:
        asset = held[life.maker.did, life.serial]
        assert asset.position == life.last
        assert asset.asset_kind == life.asset_kind
        owners = [act.to.did for act in life.acts if act.to]
        assert dids[asset.owner] == (owners or [(life.owner or life.maker).did])[-1]
        assert asset.frozen == (bool(life.acts) and life.acts[-1].kind == "frozen")


def test_a_history_reads_as_told(operator: Client, loaded: list[DemoOrganisation]) -> None:
    life = next(each for each in LIVES if each.serial == "KG8-25-0003")
    assert life.maker.did in {each.did for each in loaded}
    (asset,) = operator.list_assets(organisation=life.maker.did, serial=life.serial)
    entries = list(operator.list_entries(asset.id))
    assert [each.kind for each in entries[1:]] == [act.kind for act in life.acts]
    documents = [life.document, *(act.document for act in life.acts if act.document)]
    hashes = [each.content_hash for each in entries if each.content_hash]
    assert [operator.document(each) for each in hashes] == [write(each) for each in documents]


def test_loading_again_adds_nothing(
    service: Running, operator: Client, loaded: list[DemoOrganisation]
) -> None:
    before = operator.status().entries
    keys = {each.did: each.api_key for each in loaded}
    told: list[tuple[int, int]] = []
    again = load_demo(
        service.url, service.operator_key, keys, lambda _, done, total: told.append((done, total))
    )
    assert again == loaded
    assert operator.status().entries == before
    assert [done == total for done, total in told] == [True]


def test_a_lost_key_is_named(service: Running, loaded: list[DemoOrganisation]) -> None:
    with pytest.raises(KeyLost) as lost:
        load_demo(service.url, service.operator_key, {})
    assert loaded[0].did in str(lost.value)


def test_only_the_operator_may_load_it(service: Running, loaded: list[DemoOrganisation]) -> None:
    with pytest.raises(ApiProblem):
        load_demo(service.url, "al_abcdefgh_wrong", {})
    assert loaded
