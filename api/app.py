"""Makes the application: `api.app:create_app` is what servers start."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from anyio import CapacityLimiter
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.concurrency import run_in_threadpool

from api import errors, openapi
from api.acceptance import Taken
from api.births import Births
from api.deps import Service, identify_all
from api.diary import Diary
from api.edge import Edge
from api.ends import Ends
from api.explorer import pages
from api.feed import Feed
from api.gathering import Gatherer
from api.ledger_measures import LedgerMeasures
from api.measures import Measures
from api.quick.layer import Quick
from api.quick.lookups import open_lookup
from api.quotas import Quotas
from api.registration import Sent, register
from api.routes import (
    assets,
    batches,
    bulk,
    checkpoints,
    directory,
    documents,
    entries,
    events,
    governing,
    jurisdictions,
    keys,
    lanes,
    listings,
    metrics,
    operations,
    organisations,
    proofs,
    quotas,
    relations,
    schemas,
    sign_in,
    status,
    webhooks,
    worlds,
)
from api.streams import Streams, telling_of_the_end
from api.together import Together
from api.webhooks import Desk
from ledger import __version__
from ledger.cli.keystore import open_service_key
from ledger.database.engine import open_engine, upgrade
from ledger.documents.opening import open_stores
from ledger.documents.secrets import Secrets
from ledger.mirror.feed_telling import feed_source
from ledger.outbox.keys import Credential
from ledger.outbox.pressure import Gauge
from ledger.outbox.reaching import Reach
from ledger.settings import Settings
from ledger.standards.schema_workers import SchemaWorkers

_GATHERED: Final = 200
"""Requests that one transaction serves: enough to share what it costs."""

_COUNTING: Final = 5
"""Connections for what is counted: no request waits there for long."""

_READERS: Final = 2
"""Threads that read from SQLite: one works while another one's answer is written."""

_ROUTES = (
    proofs,
    organisations,
    directory,
    keys,
    quotas,
    jurisdictions,
    sign_in,
    assets,
    relations,
    listings,
    bulk,
    batches,
    entries,
    events,
    webhooks,
    documents,
    schemas,
    worlds,
    operations,
    checkpoints,
    lanes,
    governing,
    status,
    metrics,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The API and the explorer over one database; settings come from the environment if not given.

    Several processes may serve the same database beside each other.
    """
    settings = settings or Settings()
    engine = open_engine(settings.database())
    # Whoever answers holds a connection, and may have to ask for what is counted: if both were of
    # one pool, as many requests as it has connections would wait for each other.
    counting = open_engine(settings.database(), connections=_COUNTING)
    kept = open_stores(settings.data, settings.document_key)
    births = Births(kept.documents, kept.batches, kept.files)
    signer = open_service_key(settings.data / "keys")
    service = Service(
        settings=settings,
        engine=engine,
        documents=kept.documents,
        files=kept.files,
        gauge=Gauge(counting),
        ends=Ends(engine),
        births=births,
        signer=signer,
        diary=Diary(counting, settings.access_log_days),
        quotas=Quotas(counting, settings),
        validators=SchemaWorkers(),
        # SQLite's driver lets go of Python for each row: more threads wait for each other longer.
        turns=CapacityLimiter(_READERS) if engine.dialect.name == "sqlite" else None,
    )

    lookup = open_lookup(engine)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(upgrade, engine)
        await run_in_threadpool(births.clean, engine)
        # All that is there now stays: the collector need not look at it again and again.
        gc.freeze()
        service.diary.start()
        with telling_of_the_end(app.state.feed.close):
            yield
        await run_in_threadpool(service.diary.close)
        service.validators.close()
        await lookup.close()
        for each in (engine, counting):
            each.dispose()

    app = FastAPI(
        title="Asset Ledger",
        version=__version__,
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        # What is measured is at /metrics: nothing is sent anywhere, whatever the environment says.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = service
    app.state.lookup = lookup
    app.state.callers = Gatherer[str, Credential](partial(identify_all, engine), _GATHERED)
    app.state.registrations = Gatherer[Sent, Taken](partial(register, service), _GATHERED)
    app.state.together = Together(service)
    app.state.feed = Feed(engine, births, feed_source(settings.api_url()))
    reach = Reach(settings.webhook_private_addresses, settings.webhook_plain_http)
    app.state.webhooks = Desk(Secrets(kept.vault), reach)
    app.state.streams = Streams(settings.max_streams, settings.max_streams_per_key)
    app.state.measures = Measures()
    app.state.standing = CollectorRegistry()
    app.state.standing.register(LedgerMeasures(service))
    for routes in _ROUTES:
        # Not included: a router in a router looks for its route twice.
        app.router.routes += routes.router.routes
    pages.mount(app)
    errors.install(app)
    openapi.describe(app, __version__)
    larger = {
        bulk.PATH: settings.max_bulk_body,
        batches.PATH: settings.max_batch_body,
        documents.PATH: settings.max_file,
    }
    app.add_middleware(Quick, service=service, lookup=lookup)
    app.add_middleware(Edge, max_body=settings.max_body, larger=larger, measures=app.state.measures)
    return app
