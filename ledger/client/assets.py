"""The client's methods about assets: register, say what happens to them, read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.client.answers import Accepted, AssetAnswer, BulkAnswer, EntryAnswer
from ledger.client.bodies import JsonDocument, body_of, registration
from ledger.client.flows import (
    JSON,
    At,
    Flow,
    Listing,
    append,
    chosen,
    decode,
    find,
    get,
    listing,
    method,
    segment,
)
from ledger.client.transport import Call

_ASSETS: Final = "/v1/assets"


class AssetCalls:
    """Assets are named by id, organisations by id or DID."""

    # -- writing -----------------------------------------------------------------------------

    @method
    @staticmethod
    def register_asset(
        serial: str,
        document: JsonDocument | None = None,
        *,
        file: str | None = None,
        asset_kind: str | None = None,
        owner: str | None = None,
        schema: str | None = None,
        data_class: str | None = None,
        wait: float = 0,
        idempotency_key: str | None = None,
    ) -> Flow[Accepted]:
        """Register an asset by a document, whose JSON text is kept byte for byte, or by a `file`.

        Raises:
            DocumentError: `document` is not one JSON value.
            ApiProblem: the service refused; 409 if the serial is taken by another document.
        """
        body = registration(
            serial,
            document,
            file=file,
            asset_kind=asset_kind,
            owner=owner,
            schema=schema,
            data_class=data_class,
        )
        return append(_ASSETS, body, wait, idempotency_key)

    @method
    @staticmethod
    def register_raw(
        body: bytes, *, wait: float = 0, idempotency_key: str | None = None
    ) -> Flow[Accepted]:
        """Register an asset by a request body that is written already (`registration`)."""
        return append(_ASSETS, body, wait, idempotency_key)

    @method
    @staticmethod
    def register_many(bodies: Sequence[bytes]) -> Flow[BulkAnswer]:
        """Register assets by bodies that are written already (`registration`), in one request.

        No key is needed to send them again: what stands under a serial is found, not repeated.

        Raises:
            ApiProblem: the service refused all of them; if only some, their answers say so.
        """
        body = b'{"assets":[%b]}' % b",".join(bodies)
        return decode((yield Call("POST", "/v1/assets:batch", headers=JSON, body=body)), BulkAnswer)

    @method
    @staticmethod
    def append_entry(
        asset: str,
        kind: str,
        *,
        document: JsonDocument | None = None,
        to: str | None = None,
        corrects: int | None = None,
        stage: str | None = None,
        party: str | None = None,
        expires: str | None = None,
        parent: str | None = None,
        schema: str | None = None,
        revokes: int | None = None,
        file: str | None = None,
        data_class: str | None = None,
        world: str | None = None,
        rendition: str | None = None,
        licence: str | None = None,
        documents: Sequence[str] | None = None,
        position: int | None = None,
        wait: float = 0,
        idempotency_key: str | None = None,
    ) -> Flow[Accepted]:
        """Append an entry to an asset's history, as its number `position` if that is given.

        Which of the others a kind needs, the service's description says (`/openapi.json`).

        Raises:
            ApiProblem: the service refused; 409 if `position` is not the next.
        """
        body = body_of(
            document,
            kind=kind,
            to=to,
            corrects=corrects,
            stage=stage,
            party=party,
            expires=expires,
            parent=parent,
            schema=schema,
            revokes=revokes,
            file=file,
            data_class=data_class,
            world=world,
            rendition=rendition,
            licence=licence,
            documents=documents,
            position=position,
        )
        return append(f"{_of(asset)}/entries", body, wait, idempotency_key)

    # -- reading -----------------------------------------------------------------------------

    @method
    @staticmethod
    def get_asset(asset: str, *, at: At | None = None) -> Flow[AssetAnswer]:
        """An asset as it stands or stood. Raises ApiProblem if there is none mirrored yet."""
        return get(_of(asset), AssetAnswer, chosen(at=at))

    @method
    @staticmethod
    def find_asset(asset: str, *, at: At | None = None) -> Flow[AssetAnswer | None]:
        """An asset by id, or None if there is none, or it is not mirrored yet."""
        return find(_of(asset), AssetAnswer, chosen(at=at))

    @listing
    @staticmethod
    def list_assets(
        *,
        owner: str | None = None,
        organisation: str | None = None,
        custodian: str | None = None,
        operator: str | None = None,
        lien_holder: str | None = None,
        schema: str | None = None,
        world: str | None = None,
        parent: str | None = None,
        stage: str | None = None,
        serial: str | None = None,
        asset_kind: str | None = None,
        frozen: bool | None = None,
        registered_after: str | None = None,
        registered_before: str | None = None,
        q: str | None = None,
        sort: str | None = None,
        at: At | None = None,
        page: int | None = None,
    ) -> Listing[AssetAnswer]:
        """Assets that match all of the filters; `page` is how many come with one request."""
        params = chosen(
            owner=owner,
            organisation=organisation,
            custodian=custodian,
            operator=operator,
            lien_holder=lien_holder,
            schema=schema,
            world=world,
            parent=parent,
            stage=stage,
            serial=serial,
            asset_kind=asset_kind,
            frozen=frozen,
            registered_after=registered_after,
            registered_before=registered_before,
            q=q,
            sort=sort,
            at=at,
            limit=page,
        )
        return Listing(_ASSETS, params, AssetAnswer)

    @listing
    @staticmethod
    def list_entries(
        asset: str, *, at: At | None = None, page: int | None = None
    ) -> Listing[EntryAnswer]:
        """An asset's entries, oldest first."""
        return Listing(f"{_of(asset)}/entries", chosen(at=at, limit=page), EntryAnswer)

    @listing
    @staticmethod
    def list_all_entries(
        *,
        kind: str | None = None,
        organisation: str | None = None,
        at: At | None = None,
        page: int | None = None,
    ) -> Listing[EntryAnswer]:
        """The whole ledger's entries that match the filters, oldest first."""
        params = chosen(kind=kind, organisation=organisation, at=at, limit=page)
        return Listing("/v1/entries", params, EntryAnswer)

    @method
    @staticmethod
    def get_entry(asset: str, position: int, *, at: At | None = None) -> Flow[EntryAnswer]:
        """An asset's entry at a position. Raises ApiProblem."""
        return get(f"{_of(asset)}/entries/{position}", EntryAnswer, chosen(at=at))


def _of(asset: str) -> str:
    return f"{_ASSETS}/{segment(asset)}"
