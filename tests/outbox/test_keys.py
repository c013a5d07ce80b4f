"""An API key opens for whom it was issued, and for nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from ledger.database.engine import writing
from ledger.outbox.keys import BadKey, authenticate, issue_key
from ledger.outbox.tables import ApiKey

ORG = b"\x02" * 32


def test_a_key_stands_for_its_organisation(engine: Engine) -> None:
    with writing(engine) as session:
        token = issue_key(session, ORG)
        assert authenticate(session, token).org == ORG
        assert authenticate(session, issue_key(session, None)).org is None


def test_the_secret_is_not_kept(engine: Engine) -> None:
    with writing(engine) as session:
        secret = issue_key(session, ORG).split("_", 2)[2]
        [kept] = session.exec(select(ApiKey)).all()
        assert secret.encode() not in kept.secret_hash
        assert secret not in kept.prefix


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("a" if token[-1] != "a" else "b"),
        lambda token: token + "x",
        lambda token: "xx" + token[2:],
        lambda token: "al_zzzzzzzz_" + token[12:],
        lambda token: token.split("_", 2)[1],
        lambda _: "",
        lambda _: "al__",
        lambda _: "al_\ud800",
    ],
)
def test_any_other_token_is_refused(engine: Engine, spoil) -> None:  # type: ignore[no-untyped-def]
    with writing(engine) as session:
        token = issue_key(session, ORG)
        with pytest.raises(BadKey):
            authenticate(session, spoil(token))


def test_a_revoked_key_is_refused(engine: Engine) -> None:
    with writing(engine) as session:
        token = issue_key(session, ORG)
        [key] = session.exec(select(ApiKey)).all()
        key.revoked_at = 1
        with pytest.raises(BadKey):
            authenticate(session, token)


def test_sessions_do_not_share_what_is_uncommitted(engine: Engine) -> None:
    with Session(engine) as session:
        token = issue_key(session, ORG)
    with Session(engine) as session, pytest.raises(BadKey):
        authenticate(session, token)
