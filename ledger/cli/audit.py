"""The verb `audit`: the mirror recomputed from the chain and compared, and documents rehashed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.audited import audit_sentence, audit_value, documents_sentence
from ledger.cli.bar import bars, counting_columns
from ledger.cli.options import AsJson, Database, ManifestFile, Node
from ledger.cli.output import fail, say
from ledger.cli.worker import choose_finality, load_deployed

if TYPE_CHECKING:
    from ledger.database.engine import Engine
    from ledger.mirror.auditing.audit import Progress
    from ledger.mirror.auditing.documents import Rehashed
    from ledger.settings import Settings


def audit(
    rpc_url: Node = None,
    database_url: Database = None,
    manifest: ManifestFile = None,
    data: Annotated[Path | None, typer.Option(help="The data folder of the ledger.")] = None,
    block: Annotated[
        int | None, typer.Option(help="As of an older block than the mirror's own.")
    ] = None,
    documents: Annotated[
        bool,
        typer.Option(help="Rehash every document that is kept, too; leave them out elsewhere."),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Recompute the whole mirror from the chain, compare every cell, and rehash all documents.

    Exits with 1 if one differs, naming the first bad row in the ledger's order and both values, or
    the first bad document, its subject and its entry.
    """
    from ledger.chain.identity import verify_deployed
    from ledger.chain.rpc import RpcClient
    from ledger.database.engine import open_engine, upgrade
    from ledger.mirror.auditing.audit import audit as run
    from ledger.settings import Settings

    settings = Settings.given(
        rpc_url=rpc_url, database_url=database_url, manifest=manifest, data=data
    )
    deployed = load_deployed(settings)
    engine = open_engine(settings.database())
    try:
        upgrade(engine)
        with RpcClient(settings.rpc_url) as rpc, _bar() as show:
            verify_deployed(rpc, deployed, choose_finality(settings))
            found = run(engine, rpc, deployed, block=block, progress=show)
        rehashed = _rehash(engine, settings) if documents else None
    finally:
        engine.dispose()
    if as_json:
        say(json.dumps(audit_value(found, rehashed)))
    else:
        say(audit_sentence(found))
        say(documents_sentence(rehashed) if rehashed else "documents were left out")
    if found.first is not None:
        fail(f"the mirror is not what the chain says: {found.first}")
    if rehashed is not None and rehashed.first is not None:
        fail(f"a document is not what the ledger says: {rehashed.first}")
    if not found.equal or (rehashed is not None and rehashed.bad):
        raise typer.Exit(1)


def _rehash(engine: Engine, settings: Settings) -> Rehashed:
    """Rehash what the data folder keeps of documents and of batches' lines."""
    from ledger.documents.batch_store import BatchStore
    from ledger.documents.store import DocumentStore
    from ledger.mirror.auditing.documents import rehash_documents
    from ledger.outbox.shelves import Shelves

    kept = settings.data / "documents"
    shelves = Shelves(DocumentStore(kept), BatchStore(kept / "batches"))
    with bars(counting_columns) as shown:
        if shown is None:
            return rehash_documents(engine, shelves)
        task = shown.add_task("documents rehashed")
        return rehash_documents(
            engine, shelves, lambda done, total: shown.update(task, completed=done, total=total)
        )


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None] | None]:
    """A bar over the entries compared, and one over those folded."""
    with bars(counting_columns) as shown:
        if shown is None:
            yield None
            return
        compared = shown.add_task("entries compared with the chain")
        folded = shown.add_task("entries folded into subjects")

        def show(progress: Progress) -> None:
            shown.update(compared, total=progress.total, completed=progress.compared)
            shown.update(folded, total=progress.total, completed=progress.folded)

        yield show
