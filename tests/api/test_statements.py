"""What others state of assets, and where assets are shown, over HTTP."""

from __future__ import annotations

import secrets
import time
from typing import Any

import pytest

from ledger.database.engine import open_engine, reading, writing
from ledger.domain.kinds import Kind
from ledger.domain.payloads import CredentialIssued, SchemaPublished
from ledger.hashing import keccak
from ledger.mirror.queries import find_claim, list_claims_of, list_listings_of
from ledger.outbox.appending import accept_entry
from ledger.types import ZERO_HASH, parse_hash
from tests import files
from tests.api.running import WAIT, Member, Running, until
from tests.api.test_handover import (
    FOR_EVER,
    assert_invalid,
    assert_refused,
    nothing_mined,
    send,
    settled,
)
from tests.api.test_schemas import publish
from tests.api.test_worlds import close, open_world
from tests.api.wallets import Wallet, add_account, sign_entry

FINDING = {"standard": "ISO 9001", "result": "conforms"}
SHOWN = {"title": "8-speed gearbox", "model": "https://models.example/8hp51.glb"}
NOTHING = "0x" + "7" * 64


@pytest.fixture(scope="module")
def schema(aurora: Member) -> str:
    result = {"enum": ["conforms", "does not conform"]}
    return publish(aurora, {"required": ["standard"], "properties": {"result": result}})


def attest(member: Member, asset: str, schema: str, **more: Any) -> Any:
    return member.append(asset, kind="attested", schema=schema, document=FINDING, **more)


def in_force(service: Running, asset: str) -> list[tuple[int, str, int]]:
    """Position, issuer and expiry of what is claimed of an asset and not revoked."""
    engine = open_engine(service.settings.database())
    with reading(engine) as session:
        claims = list_claims_of(session, parse_hash(asset)).items
        found = [(one.position, f"0x{one.issuer.hex()}", one.expires) for one in claims]
    engine.dispose()
    return found


def listings(service: Running, asset: str) -> list[dict[str, Any]]:
    engine = open_engine(service.settings.database())
    with reading(engine) as session:
        found = [row.model_dump() for row in list_listings_of(session, parse_hash(asset)).items]
    engine.dispose()
    return found


# -- attestations ----------------------------------------------------------------------------


def test_anybody_attests_and_its_issuer_revokes(
    service: Running, aurora: Member, boreas: Member, schema: str
) -> None:
    asset = aurora.register()
    made = attest(boreas, asset, schema, expires=FOR_EVER)
    assert made.status_code == 201, made.text
    entry = boreas.http.get(made.headers["Location"]).json()
    assert entry["payload"] == {
        "schema": schema,
        "content_hash": made.json()["content_hash"],
        "expires": 253402300799,
    }
    assert until(lambda: in_force(service, asset)) == [(1, boreas.id, 253402300799)]
    # Whoever said it, and whose asset it is said of, can read it.
    for reader in (aurora, boreas):
        assert reader.http.get(f"/v1/documents/{entry['content_hash']}").json() == FINDING
    other = aurora.append(asset, kind="attestation_revoked", revokes=1)
    assert (other.status_code, other.json()["errors"][0]["field"]) == (403, "revokes")
    revoked = boreas.append(asset, kind="attestation_revoked", revokes=1)
    assert revoked.status_code == 201, revoked.text
    assert boreas.http.get(revoked.headers["Location"]).json()["payload"] == {
        "revokes": 1,
        "schema": schema,
    }
    until(lambda: in_force(service, asset) == [])
    again = boreas.append(asset, kind="attestation_revoked", revokes=1)
    assert_refused(again, "NotInForce", "revokes")


def test_attestations_that_cannot_be(aurora: Member, boreas: Member, schema: str) -> None:
    asset = aurora.register()
    for nothing in (NOTHING, asset, boreas.id):
        assert_invalid(attest(boreas, asset, nothing), "schema", "unknown_reference")
    late = attest(boreas, asset, schema, expires="2001-01-01T00:00:00Z")
    assert_invalid(late, "expires")
    assert late.json()["errors"][0]["value"] == "2001-01-01T00:00:00Z"
    bare = boreas.append(asset, kind="attested", schema=schema)
    assert_invalid(bare, "attested.document")
    unknown = boreas.append(NOTHING, kind="attested", schema=schema, document=FINDING)
    assert unknown.status_code == 404
    for position in (0, 7):
        revoking = boreas.append(asset, kind="attestation_revoked", revokes=position)
        assert_invalid(revoking, "revokes")
    unsigned = boreas.append(asset, kind="attestation_revoked", revokes=-1)
    assert_invalid(unsigned, "attestation_revoked.revokes")


def test_what_is_stated_fits_its_schema(aurora: Member, boreas: Member, schema: str) -> None:
    asset = aurora.register()
    vague = {"standard": "ISO 9001", "result": "perhaps"}
    answer = boreas.append(asset, kind="attested", schema=schema, document=vague)
    assert_invalid(answer, "document/result", "schema_violation")


@pytest.fixture(scope="module")
def certificates(aurora: Member) -> str:
    """A schema of PDF files."""
    asked = {"format": {"const": "asset-ledger-file/1"}, "media_type": {"const": "application/pdf"}}
    return publish(aurora, {"required": list(asked), "properties": asked})


def kept(member: Member, raw: bytes, media_type: str) -> str:
    headers = {"Content-Type": media_type}
    answer = member.http.post("/v1/documents", content=raw, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["content_hash"])


def test_a_file_is_attested_where_its_description_fits(
    service: Running, aurora: Member, boreas: Member, certificates: str
) -> None:
    asset, file = aurora.register(), kept(boreas, files.PDF, "application/pdf")
    made = boreas.append(asset, kind="attested", schema=certificates, file=file)
    assert (made.status_code, made.json()["content_hash"]) == (201, file), made.text
    assert until(lambda: in_force(service, asset)) == [(1, boreas.id, 0)]
    path = f"/v1/documents/{file}"
    for reader in (aurora, boreas):
        assert reader.http.get(path).content == files.PDF
    assert service.enrol("Nobody concerned").http.get(path).status_code == 404
    service.app.state.service.diary.flush()
    log = boreas.http.get(f"/v1/organisations/{boreas.id}/access").json()["items"]
    assert (file, aurora.id) in {(one["content_hash"], one["organisation"]) for one in log}
    assert boreas.http.delete(path).json()["by"] == "entry 1"


def test_files_that_cannot_be_attested(
    aurora: Member, boreas: Member, schema: str, certificates: str
) -> None:
    asset, other = aurora.register(), aurora.register()
    pdf, stl = kept(boreas, files.PDF, "application/pdf"), kept(boreas, files.TEXT_STL, files.STL)

    def state(asked: str, file: str, **more: Any) -> Any:
        return boreas.append(asset, kind="attested", schema=asked, file=file, **more)

    assert_invalid(state(certificates, stl), "file/media_type", "schema_violation")
    assert_invalid(state(schema, pdf), "file", "schema_violation")
    assert_invalid(state(certificates, pdf, document=FINDING), "attested.file")
    assert_invalid(state(certificates, pdf, data_class="core"), "attested.data_class")
    theirs = kept(aurora, files.PDF, "application/pdf")
    assert_invalid(state(certificates, theirs), "file", "unknown_reference")
    assert boreas.append(other, kind="attested", schema=certificates, file=pdf).status_code == 201
    taken = state(certificates, pdf)
    assert (taken.status_code, taken.json()["code"]) == (409, "file_taken")


def test_a_file_is_attested_under_a_schema_that_is_kept_elsewhere(
    service: Running, aurora: Member, boreas: Member
) -> None:
    wallet = Wallet.make()
    add_account(service, boreas, wallet)
    body = sign_entry(service, boreas, wallet, SchemaPublished(keccak(b"afar"), ZERO_HASH))
    elsewhere = boreas.http.post("/v1/entries", json=body, headers=WAIT).json()["id"]
    file = kept(boreas, files.PDF, "application/pdf")
    made = boreas.append(aurora.register(), kind="attested", schema=elsewhere, file=file)
    assert (made.status_code, made.json()["content_hash"]) == (201, file), made.text


def test_what_is_stated_and_taken_back_may_be_on_its_way(
    service: Running, aurora: Member, boreas: Member
) -> None:
    """Even the schema is on its way, as another organisation publishes it."""
    asset = aurora.register()
    with nothing_mined(service):
        body = {"document": {"title": secrets.token_hex(8), "required": ["standard"]}}
        schema = aurora.http.post("/v1/schemas", json=body).json()["id"]
        stated = send(boreas, asset, kind="attested", schema=schema, document=FINDING)
        assert stated.status_code == 202, stated.text
        other = send(aurora, asset, kind="attestation_revoked", revokes=1)
        assert other.status_code == 403
        revoked = send(boreas, asset, kind="attestation_revoked", revokes=1)
        assert revoked.status_code == 202, revoked.text
    assert settled(boreas, revoked)["position"] == 2
    engine = open_engine(service.settings.database())

    def claim_is_over() -> bool:
        with reading(engine) as session:
            claim = find_claim(session, parse_hash(asset), 1)
            return claim is not None and claim.to_block is not None

    until(claim_is_over)
    engine.dispose()


# -- listings --------------------------------------------------------------------------------


def test_an_asset_is_shown_in_a_world_and_taken_out(
    service: Running, aurora: Member, boreas: Member
) -> None:
    asset, world = aurora.register(), open_world(boreas)
    licence = "0x" + secrets.token_hex(32)
    listed = aurora.append(
        asset, kind="listed", world=world, document=SHOWN, licence=licence, expires=FOR_EVER
    )
    assert listed.status_code == 201, listed.text
    [row] = until(lambda: listings(service, asset))
    assert (row["world"], row["org"]) == (parse_hash(world), parse_hash(aurora.id))
    assert row["rendition"] == parse_hash(listed.json()["content_hash"])
    assert (row["licence"], row["expires"]) == (parse_hash(licence), 253402300799)
    entry = aurora.http.get(listed.headers["Location"]).json()
    assert aurora.http.get(entry["document"]).json() == SHOWN
    assert aurora.append(asset, kind="delisted", world=world).status_code == 201
    until(lambda: listings(service, asset) == [])
    again = aurora.append(asset, kind="delisted", world=world)
    assert_refused(again, "NotListed", "world")


def test_what_is_shown_is_a_document_a_file_a_hash_or_nothing(
    service: Running, aurora: Member
) -> None:
    asset, world = aurora.register(), open_world(aurora)
    content_hash = aurora.http.get(f"/v1/assets/{asset}").json()["content_hash"]
    both = {"world": world, "document": SHOWN, "rendition": content_hash}
    assert_invalid(aurora.append(asset, kind="listed", **both), "rendition")
    file = aurora.http.post(
        "/v1/documents", content=b"a model", headers={"Content-Type": "application/octet-stream"}
    ).json()["content_hash"]
    double = {"world": world, "document": SHOWN, "file": file}
    assert_invalid(aurora.append(asset, kind="listed", **double), "file")
    # A document that is null is none.
    shown = aurora.append(asset, kind="listed", world=world, file=file, document=None)
    assert (shown.status_code, shown.json().get("content_hash")) == (201, file), shown.text
    nobodys = aurora.append(asset, kind="listed", world=world, file=NOTHING)
    assert_invalid(nobodys, "file", "unknown_reference")
    named = aurora.append(asset, kind="listed", world=world, rendition=content_hash)
    assert named.json()["content_hash"] == content_hash
    bare = aurora.append(asset, kind="listed", world=world)
    assert (bare.status_code, bare.json()["content_hash"]) == (201, None)
    entry = aurora.http.get(bare.headers["Location"]).json()
    assert (entry["content_hash"], entry["document"]) == (None, None)
    [row] = listings(service, asset)
    assert (row["position"], row["rendition"]) == (3, bytes(32))
    [told] = aurora.http.get(f"/v1/assets/{asset}/listings").json()["items"]
    assert (told["rendition"], told["licence"]) == (None, None)


def test_listings_that_cannot_be(aurora: Member, boreas: Member, schema: str) -> None:
    asset, world = aurora.register(), open_world(boreas)
    for nothing in (NOTHING, asset, schema):
        answer = aurora.append(asset, kind="listed", world=nothing)
        assert_invalid(answer, "world", "unknown_reference")
        answer = aurora.append(asset, kind="delisted", world=nothing)
        assert_invalid(answer, "world", "unknown_reference")
    assert boreas.append(asset, kind="listed", world=world).status_code == 403
    assert boreas.append(asset, kind="delisted", world=world).status_code == 403
    assert_refused(aurora.append(asset, kind="delisted", world=world), "NotListed", "world")
    aurora.append(asset, kind="listed", world=world)
    assert close(boreas, world).status_code == 201
    until(lambda: not aurora.http.get(f"/v1/worlds/{world}").json()["open"])
    assert_refused(aurora.append(asset, kind="listed", world=world), "ClosedWorld", "world")
    # What a world outlived may be taken out of it all the same.
    assert aurora.append(asset, kind="delisted", world=world).status_code == 201


def issue(service: Running, issuer: Member, holder: Member, schema: str, expires: int = 0) -> int:
    """Have a credential on its way to an organisation; its position."""
    org, about = parse_hash(issuer.id), parse_hash(holder.id)
    payload = CredentialIssued(parse_hash(schema), secrets.token_bytes(32), expires)
    count = holder.http.get(f"/v1/organisations/{holder.id}").json()["position"] + 1
    engine = open_engine(service.settings.database())
    with writing(engine) as session:
        accepted = accept_entry(
            session,
            org=org,
            subject=about,
            kind=Kind.CREDENTIAL_ISSUED,
            payload=payload.encode(),
            position=None,
            next_position=count,
            document=None,
            idempotency_key=None,
            request_digest=bytes(32),
        )
        position = accepted.operation.position
    engine.dispose()
    return position


def test_a_world_that_asks_for_a_credential_is_shown_the_one_that_lasts_longest(
    service: Running, aurora: Member, boreas: Member, schema: str
) -> None:
    lister = service.enrol("Lister Ltd")
    asset = lister.register()
    admission = {"schema": schema, "issuer": boreas.id}
    strict, open_to_any = (
        open_world(aurora, admission=admission),
        open_world(aurora, admission={"schema": schema}),
    )
    for world in (strict, open_to_any):
        answer = lister.append(asset, kind="listed", world=world)
        assert_refused(answer, "NotAdmitted", "world")
    soon = int(time.time()) + 3600
    positions = [
        issue(service, aurora, lister, schema),
        issue(service, boreas, lister, schema, soon),
        issue(service, boreas, lister, schema, soon + 9),
    ]
    until(lambda: len(in_force(service, lister.id)) == 3)
    for world, issuer, position in (
        (strict, boreas, positions[2]),
        (open_to_any, aurora, positions[0]),
    ):
        listed = lister.append(asset, kind="listed", world=world)
        assert listed.status_code == 201, listed.text
        payload = lister.http.get(listed.headers["Location"]).json()["payload"]
        assert (payload["issuer"], payload["credential"]) == (issuer.id, position)


def test_the_credential_and_the_world_may_be_on_their_way(
    service: Running, aurora: Member, boreas: Member, schema: str
) -> None:
    lister = service.enrol("Early Ltd")
    asset = lister.register()
    with nothing_mined(service):
        body = {"document": SHOWN, "admission": {"schema": schema, "issuer": boreas.id}}
        world = aurora.http.post("/v1/worlds", json=body).json()["id"]
        issue(service, aurora, lister, schema)
        assert_refused(send(lister, asset, kind="listed", world=world), "NotAdmitted", "world")
        issue(service, boreas, lister, schema)
        listed = send(lister, asset, kind="listed", world=world, document=SHOWN)
        assert listed.status_code == 202, listed.text
        delisted = send(lister, asset, kind="delisted", world=world)
        assert delisted.status_code == 202, delisted.text
    assert [settled(lister, one)["position"] for one in (listed, delisted)] == [1, 2]
