"""A bundle with its documents is one zip of one spelling; each document is what entries name."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents.canonical import canonical
from ledger.documents.sealing import Sealed, seal
from ledger.domain.payloads import Observed, Registered
from ledger.errors import InputError
from ledger.hashing import keccak
from ledger.proofs.archive import decode_archive, encode_archive, is_archive
from ledger.proofs.bundle import Bundle
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.steps import StepFailed, WrongDocuments, WrongForm
from ledger.proofs.verified import Place, Verified
from ledger.proofs.verify import verify_bundle
from ledger.types import ZERO_HASH, AssetKind
from tests.proofs.paper import CONTRACT, ORG, Paper, block_hash
from tests.proofs.test_disclosure import SEED, SERIAL

PASSPORT = seal('{"name": "Getriebe Ω",\n "mass": 1840.5}'.encode(), SERIAL, SEED)
EVENT = seal(b'{"event":"run-in"}', None, keccak(b"seed"))


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    paper = Paper()
    birth = Registered(ORG, ZERO_HASH, PASSPORT.content_hash, AssetKind.INSTANCE)
    asset = paper.begin(birth, ORG)
    paper.append(asset, Observed(EVENT.content_hash), ORG)
    return paper.bundle(asset)


@pytest.fixture(scope="module")
def archive(bundle: Bundle) -> bytes:
    return encode_archive(encode_bundle(bundle), [PASSPORT, EVENT])


def verified(raw: bytes, bundle: Bundle) -> Verified:
    return verify_bundle(raw, block_hash=block_hash(bundle), contract=CONTRACT)


def failing(step: type[StepFailed], raw: bytes, bundle: Bundle) -> StepFailed:
    with pytest.raises(StepFailed) as caught:
        verified(raw, bundle)
    assert type(caught.value) is step, caught.value
    return caught.value


def test_the_documents_are_proven_in_their_canonical_form(bundle: Bundle, archive: bytes) -> None:
    found = {one.content_hash: one for one in verified(archive, bundle).originals}
    assert found[PASSPORT.content_hash].raw == '{"mass":1840.5,"name":"Getriebe Ω"}'.encode()
    assert found[PASSPORT.content_hash].serial == SERIAL
    assert found[PASSPORT.content_hash].places == (Place(bundle.subject, 0),)
    assert found[EVENT.content_hash].places == (Place(bundle.subject, 1),)


def test_any_unzip_reads_it_and_its_bytes_are_the_same_each_time(
    bundle: Bundle, archive: bytes
) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        assert opened.read("bundle.json") == encode_bundle(bundle)
        assert opened.namelist() == sorted(opened.namelist())
        assert len(opened.namelist()) == 5
    assert encode_archive(encode_bundle(bundle), [EVENT, PASSPORT]) == archive


documents = st.builds(
    seal,
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9)).map(canonical),
    st.none() | st.just(SERIAL),
    st.binary(min_size=32, max_size=32),
)


@given(st.binary(max_size=40), st.lists(documents, max_size=4, unique_by=lambda d: d.content_hash))
def test_comes_back(bundle: bytes, some: list[Sealed]) -> None:
    raw = encode_archive(bundle, some)
    assert is_archive(raw)
    found = decode_archive(raw)
    assert found.bundle == bundle
    assert found.documents == {one.content_hash: one for one in some}


def rezipped(raw: bytes, change: Callable[[dict[str, bytes]], object], **how: int) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    change(files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **how) as written:
        for name, held in files.items():
            written.writestr(zipfile.ZipInfo(name), held, how.get("compression"))
    return out.getvalue()


def named(kind: str, document: Sealed = EVENT) -> str:
    return f"{kind}/{document.content_hash.hex()}.json"


def as_written(raw: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """The archive of other files, spelt as it must be."""
    from ledger.proofs.archive import _zip

    with zipfile.ZipFile(io.BytesIO(raw)) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    change(files)
    return _zip(files)


@pytest.mark.parametrize(
    "change",
    [
        lambda files: files.pop("bundle.json"),
        lambda files: files.pop(named("openings")),
        lambda files: files.pop(named("documents")),
        lambda files: files.update({"readme.txt": b"hello"}),
        lambda files: files.update({"documents/../../x.json": b"{}"}),
        lambda files: files.update({named("openings"): b'{"seed":"0x"}'}),
        lambda files: files.update({named("openings"): b'{"seed":"0x00","serial":null}'}),
        lambda files: files.update({named("openings"): files[named("openings")] + b"\n"}),
        lambda files: files.update({named("documents"): b"[]"}),
        lambda files: files.update({named("documents"): b"not JSON"}),
        lambda files: files.update({"bundle.json": b"{}"}),
    ],
)
def test_other_contents_are_no_archive(
    bundle: Bundle, archive: bytes, change: Callable[[dict[str, bytes]], object]
) -> None:
    failing(WrongForm, as_written(archive, change), bundle)


@pytest.mark.parametrize(
    "change",
    [
        lambda files: files.update({named("documents"): b'{"event":"run-out"}'}),
        lambda files: files.update(
            {named("openings"): files[named("openings")].replace(b"null", b'"a serial"')}
        ),
        lambda files: files.update({named("openings"): files[named("openings", PASSPORT)]}),
        lambda files: files.update(
            {
                name: files.pop(named(kind))
                for kind in ("documents", "openings")
                for name in [f"{kind}/{'11' * 32}.json"]
            }
        ),
    ],
)
def test_a_document_that_is_another_is_refused(
    bundle: Bundle, archive: bytes, change: Callable[[dict[str, bytes]], object]
) -> None:
    failing(WrongDocuments, as_written(archive, change), bundle)


def test_a_document_that_no_entry_names_is_refused(bundle: Bundle) -> None:
    other = seal(b'{"event":"never"}', None, SEED)
    raw = encode_archive(encode_bundle(bundle), [other])
    assert "no entry names" in failing(WrongDocuments, raw, bundle).reason


def spellings(raw: bytes) -> Iterator[bytes]:
    yield raw + b"\0"
    yield raw[:-1]
    yield raw[:4]
    yield raw.replace(b"\x21\0", b"\x22\0", 1)
    yield raw[:10] + b"\1" + raw[11:]
    yield rezipped(raw, lambda _: None, compression=zipfile.ZIP_DEFLATED)
    yield rezipped(raw, lambda _: None)
    yield rezipped(raw, lambda files: files.update({"bundle.json": files.pop("bundle.json")}))


def test_another_spelling_is_refused(bundle: Bundle, archive: bytes) -> None:
    for other in spellings(archive):
        failing(WrongForm, other, bundle)


@given(st.data())
def test_no_mutated_archive_is_accepted(
    bundle: Bundle, archive: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(archive) - 1))
    more = data.draw(st.binary(max_size=4))
    less = data.draw(st.integers(0, 4))
    mutated = archive[:at] + more + archive[at + less :]
    if mutated != archive:
        with pytest.raises(StepFailed):
            verified(mutated, bundle)


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        decode_archive(b"PK\x03\x04" + raw)


def test_a_bundle_alone_is_no_archive(bundle: Bundle) -> None:
    assert not is_archive(encode_bundle(bundle))
    assert verified(encode_bundle(bundle), bundle).originals == ()
