"""Finds the assets and batches that reads are about: there, not there, or on their way."""

from __future__ import annotations

from api.answering import operation_path
from api.deps import View
from api.errors import Problem
from api.lookup import find_pending, no_asset
from ledger.mirror.moments import Moment
from ledger.mirror.queries import find_asset, find_batch
from ledger.mirror.tables import AssetRow, BatchRow
from ledger.outbox import batches as sent_batches
from ledger.outbox.operations import find_operation
from ledger.outbox.tables import State
from ledger.types import Hash32, to_hex


def get_asset_row(view: View, asset: Hash32, at: Moment | None = None) -> AssetRow:
    """The asset as it is, or was: also one of a batch, of which nothing is written yet.

    Raises:
        Problem: there is none, or, where the caller sent it, it is on its way.
    """
    row = find_asset(view.session, asset, at=at)
    if row is not None:
        return row
    operation = None if at else find_pending(view.session, view.who, asset)
    if operation is None:
        raise no_asset(asset)
    raise on_its_way("asset", asset, operation.id)


def get_batch_row(view: View, batch: Hash32, at: Moment | None = None) -> BatchRow:
    """The batch, if it was there by then. Raises Problem as `get_asset_row` does."""
    row = find_batch(view.session, batch, at=at)
    if row is not None:
        return row
    sent = None if at else sent_batches.find_batch(view.session, batch)
    operation = find_operation(view.session, sent.operation) if sent else None
    mine = sent is not None and view.may_follow(sent.org)
    if operation is None or not mine or operation.state == State.REJECTED:
        raise Problem("not_found", f"no batch {to_hex(batch)} is known")
    raise on_its_way("batch", batch, operation.id)


def on_its_way(what: str, subject: Hash32, operation: str) -> Problem:
    """The problem of a subject whose first entry is not on the ledger yet."""
    return Problem(
        "not_yet_mirrored",
        f"{what} {to_hex(subject)} is accepted and on its way to the ledger",
        headers={"Retry-After": "1"},
        members={"operation": operation_path(operation)},
    )
