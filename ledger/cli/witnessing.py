"""The service as a witness: it signs what its mirror proved, and takes that to another chain."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ledger.errors import InputError, UnknownThing
from ledger.types import Address

if TYPE_CHECKING:
    from ledger.chain.rpc import RpcClient
    from ledger.chain.signers.signer import Signer
    from ledger.database.engine import Engine
    from ledger.outbox.anchoring import Anchoring
    from ledger.proofs.signed import SignedCheckpoint
    from ledger.settings import Settings

_log: Final = logging.getLogger("ledger.witness")
_LOOK_EVERY: Final = 10.0
_LOOKED_AT: Final = 100
LOG: Final = "CheckpointLog"
"""The contract that keeps checkpoints on another chain."""


class NothingFinal(InputError):
    """There is nothing final and proven that a checkpoint could be of."""

    code = "nothing_final"
    advice = "see that the mirror follows and blocks become final, then try again"


class NothingSigned(InputError):
    """No checkpoint was signed that could vouch for a block."""

    code = "nothing_signed"
    advice = "make one: asset-ledger checkpoint"


def make_checkpoint(engine: Engine, signer: Signer) -> SignedCheckpoint:
    """Make a checkpoint of what is final and proven, and sign it; with all signatures that it has.

    Where nothing was written since the newest one, that is the one that is signed.

    Raises:
        NothingFinal: no entry is final and proven yet.
    """
    from ledger.database.engine import writing
    from ledger.mirror.checkpoints import keep_checkpoint
    from ledger.mirror.queries import find_checkpoint, find_mirror
    from ledger.outbox.witnesses import keep_word, list_signatures
    from ledger.proofs.checkpoint import Checkpoint
    from ledger.proofs.signed import SignedCheckpoint

    with writing(engine) as session:
        mirror = find_mirror(session)
        if mirror is None:
            raise NothingFinal("the ledger is not mirrored yet")
        keep_checkpoint(session, mirror, int(time.time()), apart=0)
        row = find_checkpoint(session)
        if row is None:
            raise NothingFinal("no entry is final and proven yet")
        made = Checkpoint(mirror.domain, row.block_number, row.block_hash, row.ledger_head)
        signature = signer.sign_message(made.message()).encode()
        keep_word(session, made, signer.address, signature, None)
        return SignedCheckpoint(made, list_signatures(session, made))


def anchor_checkpoint(
    engine: Engine, signer: Signer, rpc: RpcClient, log: Address, signed: SignedCheckpoint
) -> Anchoring:
    """Take a checkpoint to the log at that address, paid for by the signer.

    Raises:
        NotFunded: the signer has nothing to pay with there.
        WrongChain: there is no log at that address.
    """
    from ledger.cli.keystore import SERVICE, provide_funds
    from ledger.outbox.anchoring import anchor

    provide_funds(rpc.url, {SERVICE: signer.address})
    return anchor(engine, signer, rpc, log, signed)


def find_signed(settings: Settings, at_least: int | None) -> SignedCheckpoint:
    """The newest checkpoint kept here, of that block or a later one, that somebody signed.

    Raises:
        NothingSigned: there is none.
    """
    from ledger.database.engine import open_engine, reading
    from ledger.mirror.queries import find_mirror, list_checkpoints
    from ledger.outbox.witnesses import list_signatures
    from ledger.proofs.checkpoint import Checkpoint
    from ledger.proofs.signed import SignedCheckpoint

    engine = open_engine(settings.database())
    try:
        with reading(engine) as session:
            mirror = find_mirror(session)
            newest = list_checkpoints(session, limit=_LOOKED_AT, newest_first=True).items
            for row in newest:
                if mirror is None:
                    break
                made = Checkpoint(mirror.domain, row.block_number, row.block_hash, row.ledger_head)
                signatures = list_signatures(session, made)
                if signatures and row.block_number >= (at_least or 0):
                    return SignedCheckpoint(made, signatures)
    finally:
        engine.dispose()
    behind = "" if at_least is None else f" of block {at_least} or later"
    raise NothingSigned(f"no checkpoint{behind} was signed here")


def find_log(path: Path, rpc: RpcClient) -> Address:
    """The log's address, of a manifest that is of the node's chain. Raises UnknownThing."""
    from ledger.deployment.manifest import load_manifest, verify_chain

    known = load_manifest(path)
    verify_chain(rpc, known)
    if LOG not in known.contracts:
        raise UnknownThing("contract", field=str(path), value=LOG)
    return known.contracts[LOG].address


# -- by itself ---------------------------------------------------------------------------------


@contextmanager
def witnessing(settings: Settings) -> Iterator[None]:
    """Sign and anchor checkpoints as often as the settings say, in a thread, until the end."""
    if not settings.checkpoint_seconds:
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_follow, args=(settings, stop), name="witness", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _follow(settings: Settings, stop: threading.Event) -> None:
    from ledger.cli.keystore import open_service_key
    from ledger.database.engine import open_engine

    signer = open_service_key(settings.data / "keys")
    engine = open_engine(settings.database())
    told, seen = "", 0
    try:
        while not stop.wait(min(_LOOK_EVERY, settings.checkpoint_seconds)):
            try:
                attend(settings, engine, signer)
                seen = watch_log(settings, engine, seen)
                told = ""
            except Exception as error:  # noqa: BLE001 - whatever is away comes back
                # Alarms tell of it once it lasts; the log should not tell it again and again.
                if told != str(error):
                    told = str(error)
                    _log.warning("no checkpoint: %s", error)
    finally:
        engine.dispose()


def attend(settings: Settings, engine: Engine, signer: Signer) -> None:
    """Make a checkpoint if one is due, and anchor the first that is not, if there is where to.

    Raises:
        LedgerError: it cannot be done now.
    """
    from ledger.chain.rpc import RpcClient
    from ledger.database.engine import reading
    from ledger.mirror.queries import find_mirror
    from ledger.outbox.witnesses import (
        find_newest_word,
        find_unanchored,
        list_signatures,
        read_word,
    )
    from ledger.proofs.signed import SignedCheckpoint

    with reading(engine) as session:
        newest = find_newest_word(session, signer.address)
    due = settings.checkpoint_seconds * 1000
    if newest is None or time.time() * 1000 - newest.created_at >= due:
        with suppress(NothingFinal):  # then there is nothing to sign yet
            make_checkpoint(engine, signer)
    if not settings.anchor_rpc_url:
        return
    with reading(engine) as session:
        word = find_unanchored(session, signer.address)
        if word is None:
            return
        mirror = find_mirror(session)
        if mirror is None:
            return
        checkpoint = read_word(mirror.domain, word)
        signed = SignedCheckpoint(checkpoint, list_signatures(session, checkpoint))
    with RpcClient(settings.anchor_rpc_url, patience=0) as rpc:
        log = find_log(settings.anchor_manifest_path(), rpc)
        anchor_checkpoint(engine, signer, rpc, log, signed)


def watch_log(settings: Settings, engine: Engine, first: int) -> int:
    """Look for contradictions that the log on the other chain told since its block `first`.

    Returns the block from which to go on.

    Raises:
        LedgerError: it cannot be done now.
    """
    if not settings.anchor_rpc_url:
        return first
    from ledger.chain.checkpoint_log import CheckpointLog
    from ledger.chain.rpc import RpcClient
    from ledger.database.engine import reading
    from ledger.mirror.queries import find_mirror
    from ledger.outbox.anchoring import watch

    with reading(engine) as session:
        mirror = find_mirror(session)
        domain = None if mirror is None else mirror.domain
    if domain is None:
        return first
    with RpcClient(settings.anchor_rpc_url, patience=0) as rpc:
        log = CheckpointLog(rpc, find_log(settings.anchor_manifest_path(), rpc))
        return watch(engine, log, domain, first)
