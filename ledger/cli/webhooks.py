"""Webhooks are sent beside the mirror, in a thread of its process: that has no key that signs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.database.engine import Session
    from ledger.outbox.deliveries import Found
    from ledger.outbox.portions import Patience
    from ledger.outbox.webhooks import Wanted
    from ledger.settings import Settings


@dataclass(frozen=True, slots=True)
class MirrorFeed:
    """The mirror's feed, as webhooks are told of it."""

    source: str

    def find_tip(self, session: Session) -> tuple[int, int] | None:
        """The newest place; None before there is any."""
        from ledger.mirror.queries import find_tip

        tip = find_tip(session)
        return None if tip is None else (tip.epoch, tip.sequence)

    def read(self, session: Session, place: tuple[int, int], wanted: Wanted, limit: int) -> Found:
        """What follows a place."""
        from ledger.mirror.feed import Place, read_feed
        from ledger.mirror.feed_telling import tell_told
        from ledger.mirror.queries import FeedFilter
        from ledger.outbox.deliveries import Found

        chosen = FeedFilter(wanted.kinds, wanted.actor, wanted.subject)
        portion = read_feed(session, Place(*place), chosen, limit)
        events = [tell_told(one, self.source) for one in portion.events]
        return Found(events, (portion.after.epoch, portion.after.sequence), portion.more)


@contextmanager
def sending_webhooks(settings: Settings, patience: Patience | None = None) -> Iterator[None]:
    """Send webhooks what the mirror takes up, until the end; several processes may do so."""
    import httpx

    from ledger import __version__
    from ledger.database.engine import open_engine, upgrade
    from ledger.documents.opening import open_stores
    from ledger.documents.secrets import Secrets
    from ledger.mirror.feed_telling import feed_source
    from ledger.outbox.delivering import Sender, run_sender
    from ledger.outbox.portions import Portions
    from ledger.outbox.reaching import Reach

    engine = open_engine(settings.database())
    secrets = Secrets(open_stores(settings.data, settings.document_key).vault)
    sender = Sender(
        Portions(
            engine,
            MirrorFeed(feed_source(settings.api_url())),
            secrets.find,
            patience or _patience(settings),
        ),
        Reach(settings.webhook_private_addresses, settings.webhook_plain_http),
        agent=f"asset-ledger/{__version__}",
        tls=httpx.create_ssl_context,
    )
    asked: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    begun = threading.Event()

    def ask(stop: asyncio.Event) -> None:
        asked.append((asyncio.get_running_loop(), stop))
        begun.set()

    thread = threading.Thread(target=run_sender, args=(sender, ask), name="webhooks")
    try:
        upgrade(engine)  # before the thread: migrations run one at a time in a process
        thread.start()
        begun.wait()
        yield
    finally:
        for loop, stop in asked:
            loop.call_soon_threadsafe(stop.set)
        if thread.is_alive():
            thread.join()
        engine.dispose()


def _patience(settings: Settings) -> Patience:
    from ledger.outbox.portions import Patience

    return Patience(
        attempt=settings.webhook_seconds,
        give_up=settings.webhook_give_up_seconds,
        log_days=settings.webhook_log_days,
    )
