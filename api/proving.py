"""Builds proofs for whoever asks: from the node's answers, and with documents that he may read."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Final

from api.anchored import add_anchors
from api.answers import find_readable
from api.deps import Service, View
from api.errors import Problem, unavailable
from api.lookup import get_mirror
from api.vouching import find_vouching
from ledger.chain.rpc import RpcClient
from ledger.documents.packs import CorruptDocument
from ledger.documents.sealing import Sealed
from ledger.errors import NodeError, UnknownThing, VerificationError
from ledger.mirror.moments import Moment, find_moment
from ledger.proofs.births import KeptBirths
from ledger.proofs.build import Built, build_bundle
from ledger.proofs.disclosing import Disclosure
from ledger.proofs.gathering import Wanted
from ledger.types import Hash32, to_hex

AT_ONCE: Final = 4
"""Proofs that one process builds at once: each asks much of the node."""

_turns = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a proof is to hold besides its subject's history, as the request says."""

    wanted: Wanted
    documents: bool = False
    commitments: bool = False
    serial: bool = False
    fields: tuple[str, ...] = ()
    checkpoints: bool = True
    anchors: bool = False

    @property
    def shows(self) -> bool:
        """Whether anything of documents is asked for."""
        return self.documents or self.commitments or self.serial or bool(self.fields)


def prove(service: Service, view: View, subject: Hash32, at: Moment | None, asked: Asked) -> Built:
    """Build and verify a bundle as of a moment, or of the mirror's newest block.

    Raises:
        Problem: there is no such subject at that block, the node has no such state any more, or
            others are being built.
        UnknownThing: no document that the caller may read has such a field.
        MalformedValue: a subject of its class has nothing of the sort.
    """
    moment = at or find_moment(view.session)
    mirror = get_mirror(view.session)
    if not _turns.acquire(blocking=False):
        raise unavailable(f"{AT_ONCE} proofs are being built")
    try:
        with RpcClient(service.settings.rpc_url) as rpc:
            wanted = _wanted(service, view, asked, moment)
            built = build_bundle(
                rpc, mirror.contract, subject, moment.block, wanted, begin=mirror.base_block
            )
    except UnknownThing as error:
        if error.fields["what"] != "subject":
            raise
        raise Problem(
            "not_found", f"nothing {to_hex(subject)} was there at {moment.block}"
        ) from error
    except CorruptDocument:
        raise  # it is no fault of the node's
    except (NodeError, VerificationError) as error:
        raise _not_now(moment, error) from error
    finally:
        _turns.release()
    if built.verified.block.hash != moment.hash:
        raise unavailable(f"block {moment.block} was just replaced by another")
    return built


def _not_now(moment: Moment, error: NodeError | VerificationError) -> Problem:
    return unavailable(f"the node does not prove block {moment.block}: {error.message}")


def _wanted(service: Service, view: View, asked: Asked, moment: Moment) -> Wanted:
    checkpoints = find_vouching(view.session, moment.block) if asked.checkpoints else ()
    if asked.anchors:
        checkpoints = add_anchors(service.settings, view.session, checkpoints)

    def find_document(content_hash: Hash32) -> Sealed | None:
        found = find_readable(view, [content_hash]).get(content_hash)
        return None if found is None else view.hand_out(found)

    return replace(
        asked.wanted,
        checkpoints=checkpoints,
        find_birth=KeptBirths(view.births.batches).find,
        disclosure=Disclosure(
            find_document, asked.commitments, asked.documents, asked.serial, asked.fields
        )
        if asked.shows
        else None,
    )
