"""Keys over their lives, on either database: rotated, revoked, used, and never without an admin."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from ledger.database.engine import DatabaseBusy, open_engine, reading, upgrade, writing
from ledger.errors import MalformedValue, UnknownThing
from ledger.outbox import key_care
from ledger.outbox.clock import now
from ledger.outbox.key_care import (
    DeadKey,
    LastAdmin,
    TooManyKeys,
    get_key,
    list_keys,
    note_uses,
    require_few,
    revoke_key,
    rotate_key,
)
from ledger.outbox.keys import NOBODY, BadKey, Credential, authenticate, issue_key, prefix_of
from ledger.outbox.roles import ALL, KeyRole, join_roles, parse_roles, split_roles
from ledger.outbox.sign_in import give_nonce, is_out, keep_account_roles, open_session, spend_nonce
from tests.postgres import postgres

ORG = b"\x02" * 32
READER = frozenset({KeyRole.READER})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Iterator[str]]:
    """URLs of empty databases."""
    if request.param == "sqlite":
        folder: Path = tmp_path_factory.mktemp("keys")
        yield (f"sqlite:///{folder}/{number}.db" for number in range(99))
        return
    with postgres() as make:
        yield (make() for _ in range(99))


@pytest.fixture
def engine(databases: Iterator[str]) -> Iterator[Engine]:
    opened = open_engine(next(databases))
    upgrade(opened)
    yield opened
    opened.dispose()


def opens(engine: Engine, token: str) -> bool:
    with reading(engine) as session:
        try:
            authenticate(session, token)
        except BadKey:
            return False
        return True


def test_roles_say_what_a_key_may_read() -> None:
    assert Credential(None, "x").reads is None
    assert Credential(ORG, "x", READER).reads == ORG
    assert Credential(ORG, "x", ALL - READER).reads == NOBODY
    assert Credential(None, "x", frozenset()).has(KeyRole.ADMIN)
    assert not Credential(ORG, "x", READER).has(KeyRole.ADMIN, KeyRole.WRITER)
    assert split_roles(join_roles(ALL)) == ALL
    assert split_roles("reader overlord") == READER
    with pytest.raises(MalformedValue):
        parse_roles(["overlord"])


def test_a_rotation_leaves_both_for_the_overlap_and_keeps_roles_and_life(engine: Engine) -> None:
    with writing(engine) as session:
        old = issue_key(session, ORG, READER, name="line 4", expires_at=now() + 50_000)
        new, _ = rotate_key(session, ORG, prefix_of(old), 20_000)
    with reading(engine) as session:
        kept, follower = (get_key(session, ORG, prefix_of(one)) for one in (old, new))
        assert (follower.name, follower.roles, follower.replaces) == (
            "line 4",
            "reader",
            kept.prefix,
        )
        assert kept.expires_at is not None
        assert follower.expires_at is not None
        assert kept.expires_at < follower.expires_at
    assert opens(engine, old)
    with writing(engine) as session:
        again, _ = rotate_key(session, ORG, prefix_of(new), 0)
    assert [opens(engine, one) for one in (old, new, again)] == [True, False, True]
    with writing(engine) as session, pytest.raises(DeadKey):
        rotate_key(session, ORG, prefix_of(new), 0)


def test_of_two_admins_that_revoke_each_other_one_stays(engine: Engine) -> None:
    with writing(engine) as session:
        tokens = [issue_key(session, ORG) for _ in range(2)]
    ready = threading.Barrier(2)

    def revoke(token: str) -> bool:
        ready.wait()
        while True:
            try:
                with writing(engine) as session:
                    revoke_key(session, ORG, prefix_of(token))
            except LastAdmin:
                return False
            except DatabaseBusy:  # the two stood in each other's way
                continue
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(revoke, tokens)) == [False, True]
    assert sum(opens(engine, one) for one in tokens) == 1


def test_others_keys_are_not_there(engine: Engine) -> None:
    with writing(engine) as session:
        token = issue_key(session, ORG)
        for act in (
            lambda: get_key(session, b"\x03" * 32, prefix_of(token)),
            lambda: revoke_key(session, b"\x03" * 32, prefix_of(token)),
            lambda: rotate_key(session, b"\x03" * 32, prefix_of(token), 0),
        ):
            with pytest.raises(UnknownThing):
                act()
        assert list_keys(session, b"\x03" * 32, after=None, limit=9) == []


def test_there_are_only_so_many(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_care, "MOST_KEYS", 2)
    with writing(engine) as session:
        first, _ = (issue_key(session, ORG) for _ in range(2))
        with pytest.raises(TooManyKeys):
            require_few(session, ORG)
        revoke_key(session, ORG, prefix_of(first))
        require_few(session, ORG)


def test_uses_are_noted(engine: Engine) -> None:
    with writing(engine) as session:
        token = issue_key(session, ORG)
        note_uses(session, [(prefix_of(token), 12_345), ("unknown1", 1)])
    with reading(engine) as session:
        assert authenticate(session, token).used_at == 12_345


def test_a_nonce_is_spent_once(engine: Engine) -> None:
    with writing(engine) as session:
        nonce = give_nonce(session).text
    ready = threading.Barrier(4)

    def spend(_: int) -> bool:
        ready.wait()
        with writing(engine) as session:
            return spend_nonce(session, nonce)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(spend, range(4))) == [False, False, False, True]
    with reading(engine) as session:
        assert not is_out(session, nonce)


def test_the_roles_of_an_account_reach_its_sessions(engine: Engine) -> None:
    account = b"\x07" * 20
    with writing(engine) as session:
        token = open_session(session, ORG, account, READER, 60)
        keep_account_roles(session, ORG, account, ALL)
    assert _roles(engine, token) == ALL
    with writing(engine) as session:
        keep_account_roles(session, ORG, account, frozenset())
    assert not opens(engine, token)


def _roles(engine: Engine, token: str) -> object:
    with Session(engine) as session:
        return authenticate(session, token).roles
