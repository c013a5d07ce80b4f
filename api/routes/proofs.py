"""Proofs: one file that an auditor checks offline, of an asset, an organisation or a batch."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Served, View, Viewing
from api.errors import invalid
from api.header_fields import carrying
from api.moments import At, find_at
from api.openapi import READING, problems
from api.proving import Asked, prove
from api.reading import WaitingRoute
from api.schemas.base import HashInput
from api.vouching import get_newest
from ledger.proofs.archive import is_archive
from ledger.proofs.gathering import MOST_HELD, Wanted
from ledger.types import Hash32, to_hex

router = APIRouter(prefix="/v1", tags=["proofs"], route_class=WaitingRoute)

Related = Literal["organisations", "schemas", "ledger"]
AssetRelated = Literal["organisations", "schemas", "parts", "ledger"]
Checkpoints = Literal["covering", "newest", "none"]
FieldName = Annotated[str, Field(max_length=256)]

_SCHEMA: Final = {"type": "object", "description": "a bundle, version 1"}
_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The bundle; a zip, if documents were asked for",
        "content": {
            "application/json": {"schema": _SCHEMA},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
        },
        **carrying("Content-Disposition"),
    },
    **problems(*READING, "unknown_reference", "export_refused"),
}


class ProofQuery(BaseModel):
    """What is to be proven besides the history, and what is to be shown of documents."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    at: At = None
    related: Annotated[
        list[Related], Field(alias="with", max_length=4, description="prove these, too")
    ] = []
    documents: Annotated[bool, Field(description="a zip with the documents you may read")] = False
    commitments: Annotated[bool, Field(description="the hashes of documents' fields")] = False
    serial: Annotated[bool, Field(description="disclose the serial")] = False
    field: Annotated[
        list[FieldName], Field(max_length=64, description="disclose these fields alone")
    ] = []
    checkpoints: Annotated[
        Checkpoints,
        Field(
            description="what witnesses signed: of this block or of later ones that lead down to"
            " it; with `newest`, which takes no `at`, the proof is as of the newest such block"
        ),
    ] = "covering"
    anchors: Annotated[
        bool,
        Field(description="with these, the proof that the log on another chain holds them"),
    ] = False


class AssetProofQuery(ProofQuery):
    """What is to be proven of an asset."""

    related: Annotated[
        list[AssetRelated],
        Field(alias="with", max_length=4, description="prove these, too"),
    ] = []  # type: ignore[assignment]
    tree: Annotated[bool, Field(description="prove its whole tree of parts")] = False


class OrganisationProofQuery(ProofQuery):
    """What is to be proven of an organisation."""

    holdings: Annotated[
        bool, Field(description="prove how many assets it holds title to, and which")
    ] = False
    members: Annotated[
        int,
        Field(ge=0, le=MOST_HELD, description="list so many of them at most; all are counted"),
    ] = 10_000


@router.get("/assets/{asset_id}/proof", response_class=Response, responses=_ANSWER)
def get_asset_proof(
    service: Served,
    view: Viewing,
    asset_id: Annotated[HashInput, Path(description="the asset's id")],
    query: Annotated[AssetProofQuery, Query()],
) -> Response:
    """Prove an asset's whole history."""
    return _answer(service, view, asset_id, query, tree=query.tree)


@router.get("/organisations/{organisation_id}/proof", response_class=Response, responses=_ANSWER)
def get_organisation_proof(
    service: Served,
    view: Viewing,
    organisation_id: Annotated[HashInput, Path(description="the organisation's id")],
    query: Annotated[OrganisationProofQuery, Query()],
) -> Response:
    """Prove an organisation's whole history, and what it owns."""
    held = query.members if query.holdings else None
    return _answer(service, view, organisation_id, query, held=held)


@router.get("/batches/{batch_id}/proof", response_class=Response, responses=_ANSWER)
def get_batch_proof(
    service: Served,
    view: Viewing,
    batch_id: Annotated[HashInput, Path(description="the batch's id")],
    query: Annotated[ProofQuery, Query()],
) -> Response:
    """Prove a batch."""
    return _answer(service, view, batch_id, query)


def _answer(
    service: Served,
    view: View,
    subject: Hash32,
    query: ProofQuery,
    *,
    tree: bool = False,
    held: int | None = None,
) -> Response:
    at = find_at(view.session, query.at)
    if query.checkpoints == "newest":
        if query.at is not None:
            raise invalid("at", None, "goes with no checkpoints=newest, which is of its own block")
        at = find_at(view.session, str(get_newest(view.session)))
    asked = Asked(
        Wanted(
            organisations="organisations" in query.related,
            schemas="schemas" in query.related,
            parts="parts" in query.related,
            ledger="ledger" in query.related,
            tree=tree,
            holdings=held is not None,
            most_held=held or 0,
        ),
        documents=query.documents,
        commitments=query.commitments,
        serial=query.serial,
        fields=tuple(query.field),
        checkpoints=query.checkpoints != "none",
        anchors=query.anchors,
    )
    raw = prove(service, view, subject, at, asked).raw
    kind = "zip" if is_archive(raw) else "json"
    name = f'attachment; filename="{to_hex(subject)}.{kind}"'
    headers = {"Content-Disposition": name, "Cache-Control": "private, no-cache"}
    return Response(raw, media_type=f"application/{kind}", headers=headers)
