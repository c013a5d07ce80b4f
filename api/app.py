"""Makes the application: `api.app:create_app` is what servers start."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from api import errors, openapi
from api.deps import Service
from api.edge import Edge
from api.explorer import pages
from api.routes import assets, documents, entries, operations, organisations, status
from ledger import __version__
from ledger.database.engine import open_engine, upgrade
from ledger.documents.store import DocumentStore
from ledger.outbox.pressure import Gauge
from ledger.settings import Settings

_ROUTES = (organisations, assets, entries, documents, operations, status)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The API and the explorer over one database; settings come from the environment if not given.

    Several processes may serve the same database beside each other.
    """
    settings = settings or Settings()
    engine = open_engine(settings.database())
    documents_folder = settings.data / "documents"

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(upgrade, engine)
        yield
        engine.dispose()

    app = FastAPI(
        title="Asset Ledger",
        version=__version__,
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.service = Service(settings, engine, DocumentStore(documents_folder), Gauge(engine))
    for routes in _ROUTES:
        app.include_router(routes.router)
    pages.mount(app)
    errors.install(app)
    openapi.describe(app, __version__)
    app.add_middleware(Edge, max_body=settings.max_body)
    return app
