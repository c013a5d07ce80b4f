"""The client itself: one method for each thing that the API offers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from ledger.client.answers import (
    Accepted,
    AssetAnswer,
    BirthAnswer,
    BulkAnswer,
    CommitmentAnswer,
    DocumentAnswer,
    Enrolment,
    EntryAnswer,
    OrganisationAnswer,
    StatusAnswer,
)
from ledger.client.batches import BatchCalls
from ledger.client.calling import chosen, segment
from ledger.client.keys import KeyCalls
from ledger.client.operations import OperationCalls
from ledger.client.transport import Call
from ledger.client.wallets import WalletCalls
from ledger.errors import DocumentError

_JSON: Final = "application/json"


class Client(OperationCalls, BatchCalls, KeyCalls, WalletCalls):
    """The ledger over HTTP, for one API key; safe to use from many threads.

    Writing requests carry an `Idempotency-Key` (a random one unless given) and are repeated,
    like all others, while the service is unreachable or busy, for `patience` seconds at most;
    while its queue is full, for `queue_patience` (as long, unless given).
    """

    # ── writing ──────────────────────────────────────────────────────────────────────────────

    def enrol_organisation(
        self, did: str, name: str, *, wait: float = 0, idempotency_key: str | None = None
    ) -> Enrolment:
        """Let an organisation join; needs the operator's key."""
        body = msgspec.json.encode({"did": did, "name": name})
        return self._decode(self._post("/v1/organisations", body, wait, idempotency_key), Enrolment)

    def register_asset(
        self,
        serial: str,
        document: bytes,
        *,
        asset_kind: str | None = None,
        owner: str | None = None,
        wait: float = 0,
        idempotency_key: str | None = None,
    ) -> Accepted:
        """Register an asset; `document` is JSON text, kept by the ledger byte for byte.

        Raises:
            DocumentError: `document` is not one JSON value.
            ApiProblem: the service refused; 409 if the serial is taken by another document.
        """
        body = registration(serial, document, asset_kind=asset_kind, owner=owner)
        return self.register_raw(body, wait=wait, idempotency_key=idempotency_key)

    def register_raw(
        self, body: bytes, *, wait: float = 0, idempotency_key: str | None = None
    ) -> Accepted:
        """Register an asset by a request body that is written already (`registration`)."""
        return self._accepted(self._post("/v1/assets", body, wait, idempotency_key))

    def register_many(self, bodies: Sequence[bytes]) -> BulkAnswer:
        """Register assets by bodies that are written already (`registration`), in one request.

        No key is needed to send them again: what stands under a serial is found, not repeated.

        Raises:
            ApiProblem: the service refused all of them; if only some, their answers say so.
        """
        body = b'{"assets":[%b]}' % b",".join(bodies)
        call = Call("POST", "/v1/assets:batch", headers={"Content-Type": _JSON}, body=body)
        return self._decode(self._send(call), BulkAnswer)

    def append_entry(
        self,
        asset: str,
        kind: str,
        *,
        document: bytes | None = None,
        to: str | None = None,
        corrects: int | None = None,
        documents: Sequence[str] | None = None,
        position: int | None = None,
        wait: float = 0,
        idempotency_key: str | None = None,
    ) -> Accepted:
        """Append an entry to an asset's history, as its number `position` if that is given.

        Raises:
            ApiProblem: the service refused; 409 if `position` is not the next.
        """
        parts: dict[str, Any] = {"kind": kind}
        if document is not None:
            parts["document"] = _raw(document)
        for name, value in (
            ("to", to),
            ("corrects", corrects),
            ("documents", documents),
            ("position", position),
        ):
            if value is not None:
                parts[name] = value
        body = msgspec.json.encode(parts)
        return self._accepted(
            self._post(f"/v1/assets/{segment(asset)}/entries", body, wait, idempotency_key)
        )

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def status(self) -> StatusAnswer:
        """How the service is; needs no key."""
        return self._get("/v1/status", StatusAnswer)

    def get_organisation(self, organisation: str) -> OrganisationAnswer:
        """An organisation by id or DID. Raises ApiProblem if there is none."""
        return self._get(f"/v1/organisations/{segment(organisation)}", OrganisationAnswer)

    def find_organisation(self, organisation: str) -> OrganisationAnswer | None:
        """An organisation by id or DID, or None."""
        return self._find(f"/v1/organisations/{segment(organisation)}", OrganisationAnswer)

    def list_organisations(self) -> Iterator[OrganisationAnswer]:
        """All organisations."""
        return self._list("/v1/organisations", {}, OrganisationAnswer)

    def get_asset(self, asset: str) -> AssetAnswer:
        """An asset by id. Raises ApiProblem if there is none, or it is not mirrored yet."""
        return self._get(f"/v1/assets/{segment(asset)}", AssetAnswer)

    def find_asset(self, asset: str) -> AssetAnswer | None:
        """An asset by id, or None if there is none, or it is not mirrored yet."""
        return self._find(f"/v1/assets/{segment(asset)}", AssetAnswer)

    def list_assets(
        self,
        *,
        owner: str | None = None,
        organisation: str | None = None,
        serial: str | None = None,
        asset_kind: str | None = None,
        frozen: bool | None = None,
        q: str | None = None,
        page: int | None = None,
    ) -> Iterator[AssetAnswer]:
        """Assets that match all of the filters; `page` is how many come with one request."""
        params = chosen(
            owner=owner,
            organisation=organisation,
            serial=serial,
            asset_kind=asset_kind,
            frozen=frozen,
            q=q,
            limit=page,
        )
        return self._list("/v1/assets", params, AssetAnswer)

    def list_entries(
        self,
        asset: str | None = None,
        *,
        kind: str | None = None,
        organisation: str | None = None,
        page: int | None = None,
    ) -> Iterator[EntryAnswer]:
        """The entries of one asset, or of the whole ledger, oldest first."""
        path = "/v1/entries" if asset is None else f"/v1/assets/{segment(asset)}/entries"
        params = chosen(kind=kind, organisation=organisation, limit=page)
        return self._list(path, params, EntryAnswer)

    def list_documents(self, asset: str) -> Iterator[DocumentAnswer]:
        """The documents that an asset's entries point at."""
        return self._list(f"/v1/assets/{segment(asset)}/documents", {}, DocumentAnswer)

    def document(self, content_hash: str) -> bytes:
        """A document, byte for byte as it was sent."""
        return self._send(Call("GET", f"/v1/documents/{segment(content_hash)}")).content

    def find_commitment(self, content_hash: str) -> CommitmentAnswer | None:
        """What opens a document's content hash; None if there is none that is yours to read."""
        path = f"/v1/documents/{segment(content_hash)}/commitment"
        return self._find(path, CommitmentAnswer)

    def find_birth(self, batch: str, index: int) -> BirthAnswer | None:
        """What proves the birth record of a batch's asset, from 1; None if it is not kept."""
        return self._find(f"/v1/batches/{segment(batch)}/assets/{index}", BirthAnswer)


def registration(
    serial: str, document: bytes, *, asset_kind: str | None = None, owner: str | None = None
) -> bytes:
    """The body that registers an asset, with the text of its document as it is.

    Raises:
        DocumentError: `document` is not one JSON value.
    """
    parts: dict[str, Any] = {"serial": serial}
    for name, value in (("asset_kind", asset_kind), ("owner", owner)):
        if value is not None:
            parts[name] = value
    return msgspec.json.encode(parts | {"document": _raw(document)})


def _raw(document: bytes) -> msgspec.Raw:
    # Unchecked text could close its place in the body and add fields of its own.
    try:
        msgspec.json.decode(document, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DocumentError(f"not JSON: {error}") from None
    except RecursionError:
        raise DocumentError("nested too deeply") from None
    return msgspec.Raw(document.strip(b" \t\r\n"))
