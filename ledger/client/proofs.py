"""The client's methods that bring proofs: bundles that are verified offline (`ledger.proofs`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledger.client.flows import At, Flow, chosen, method, segment
from ledger.client.transport import Call

_PATIENCE: Final = 120.0
"""Seconds that the service may take to build one."""


class ProofCalls:
    """Each answers with a bundle as it is kept in a file: JSON, or a zip if `documents`.

    `related` names what else is proven (organisations, schemas, parts, ledger), `fields` which
    fields of documents are disclosed, `checkpoints` which of them vouch.
    """

    @method
    @staticmethod
    def prove_asset(
        asset: str,
        *,
        at: At | None = None,
        related: Sequence[str] = (),
        documents: bool | None = None,
        commitments: bool | None = None,
        serial: bool | None = None,
        fields: Sequence[str] = (),
        checkpoints: str | None = None,
        anchors: bool | None = None,
        tree: bool | None = None,
    ) -> Flow[bytes]:
        """Prove an asset's whole history; `tree`: and that of all its parts."""
        given = chosen(
            at=at,
            documents=documents,
            commitments=commitments,
            serial=serial,
            checkpoints=checkpoints,
            anchors=anchors,
            tree=tree,
        )
        return _prove("assets", asset, given, related, fields)

    @method
    @staticmethod
    def prove_organisation(
        organisation: str,
        *,
        at: At | None = None,
        related: Sequence[str] = (),
        documents: bool | None = None,
        commitments: bool | None = None,
        serial: bool | None = None,
        fields: Sequence[str] = (),
        checkpoints: str | None = None,
        anchors: bool | None = None,
        holdings: bool | None = None,
        members: int | None = None,
    ) -> Flow[bytes]:
        """Prove an organisation's history; `holdings`: and what it owns, `members` at most."""
        given = chosen(
            at=at,
            documents=documents,
            commitments=commitments,
            serial=serial,
            checkpoints=checkpoints,
            anchors=anchors,
            holdings=holdings,
            members=members,
        )
        return _prove("organisations", organisation, given, related, fields)

    @method
    @staticmethod
    def prove_batch(
        batch: str,
        *,
        at: At | None = None,
        related: Sequence[str] = (),
        documents: bool | None = None,
        commitments: bool | None = None,
        serial: bool | None = None,
        fields: Sequence[str] = (),
        checkpoints: str | None = None,
        anchors: bool | None = None,
    ) -> Flow[bytes]:
        """Prove a batch."""
        given = chosen(
            at=at,
            documents=documents,
            commitments=commitments,
            serial=serial,
            checkpoints=checkpoints,
            anchors=anchors,
        )
        return _prove("batches", batch, given, related, fields)


def _prove(
    collection: str,
    subject: str,
    given: Mapping[str, str],
    related: Sequence[str],
    fields: Sequence[str],
) -> Flow[bytes]:
    params: dict[str, Any] = dict(given)
    if related:
        params["with"] = list(related)
    if fields:
        params["field"] = list(fields)
    path = f"/v1/{collection}/{segment(subject)}/proof"
    return (yield Call("GET", path, params=params, wait=_PATIENCE)).content
