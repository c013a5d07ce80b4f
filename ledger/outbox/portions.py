"""What senders of webhooks read and write: the next portion of each, and what became of it."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from ledger.database.engine import reading, writing
from ledger.errors import LedgerError
from ledger.outbox.clock import now
from ledger.outbox.deliveries import (
    PORTION,
    Feed,
    add_deliveries,
    is_success,
    list_again,
    note_attempt,
)
from ledger.outbox.reaching import Answered
from ledger.outbox.sender_lease import verify_held
from ledger.outbox.webhook_tables import Webhook, WebhookState
from ledger.outbox.webhooks import list_pending, read_wanted

_log: Final = logging.getLogger("ledger.webhooks")
_GONE: Final = 410
_FAR: Final = 10_000


@dataclass(frozen=True, slots=True)
class Patience:
    """Times in seconds: of an attempt, between two of them, until a webhook is paused.

    What became of a portion is written down after `flush` at the latest.
    """

    attempt: float = 15.0
    first: float = 1.0
    longest: float = 3_600.0
    give_up: float = 3 * 86_400.0
    flush: float = 0.5
    look: float = 0.05
    list: float = 1.0
    lease: float = 5.0
    at_once: int = 1_000
    log_days: int = 30


@dataclass(slots=True)
class Standing:
    """What is known of a webhook: when it is due, and how far all was looked through for it.

    `seen` counts the moves of the feed at its last look; `place` may be ahead of the row's.
    """

    next_at: int
    seen: int = -1
    place: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A delivery's id and its body, as they are sent."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Portion:
    """What is to be sent to a webhook, and the secrets that sign it."""

    webhook: str
    url: str
    secrets: Sequence[bytes]
    messages: Sequence[Message]
    in_turn: bool = True


@dataclass(frozen=True, slots=True)
class Portions:
    """The rows of webhooks, as whoever holds the lease works on them.

    Raises (every method that takes a token):
        LeaseLost: another process sends; nothing was written.
    """

    engine: Engine
    feed: Feed
    find_secret: Callable[[str], bytes]
    patience: Patience

    def take(self, token: int, id: str, standing: Standing) -> Portion | None:
        """The next portion; made of events if none waits. None: there is nothing for it."""
        with reading(self.engine) as session:
            webhook = session.get(Webhook, id)
            if webhook is None or webhook.state != WebhookState.ACTIVE:
                return None
            if waiting := list_pending(session, id, PORTION):
                return self._portion(webhook, [Message(d.id, d.body.encode()) for d in waiting])
            at = standing.place or (webhook.epoch, webhook.place)
            found = self.feed.read(session, at, read_wanted(webhook), PORTION)
        if not found.events:
            standing.place = found.after
            if found.after[1] - webhook.place > _FAR:
                self._move(token, id, found.after)
            return self._portion(webhook, []) if found.more else None
        with writing(self.engine) as session:
            verify_held(session, token)
            webhook = session.get_one(Webhook, id, with_for_update=True)
            if webhook.state != WebhookState.ACTIVE:
                return None
            add_deliveries(session, webhook, found)
            waiting = list_pending(session, id, PORTION)
            made = self._portion(webhook, [Message(d.id, d.body.encode()) for d in waiting])
        standing.place = None  # the row's is as far now
        return made

    def _move(self, token: int, id: str, place: tuple[int, int]) -> None:
        """Write down how far all was looked through, so that nobody has to do so again."""
        with writing(self.engine) as session:
            verify_held(session, token)
            webhook = session.get_one(Webhook, id, with_for_update=True)
            webhook.epoch, webhook.place = place

    def _portion(
        self, webhook: Webhook, messages: Sequence[Message], *, in_turn: bool = True
    ) -> Portion:
        names = [webhook.secret]
        if webhook.old_secret is not None and now() < (webhook.old_until or 0):
            names.append(webhook.old_secret)
        try:
            secrets = [self.find_secret(name) for name in names] if messages else []
        except LedgerError as error:
            _log.error("a secret of webhook %s cannot be read: %s", webhook.id, error)
            secrets = []
        return Portion(webhook.id, webhook.url, secrets, messages, in_turn)

    def keep(
        self, token: int, id: str, ended: Sequence[tuple[str, Answered]], standing: Standing
    ) -> bool:
        """Write down how a portion went; whether there may be more to send now."""
        if not ended:
            return False
        with writing(self.engine) as session:
            verify_held(session, token)
            for message, answered in ended:
                note_attempt(session, message, answered, in_turn=True)
            webhook = session.get_one(Webhook, id, with_for_update=True)
            last = ended[-1][1]
            if is_success(last):
                webhook.failures, webhook.failing_at, webhook.next_at = 0, None, 0
            else:
                self._note_failure(webhook, last)
            standing.next_at = webhook.next_at
            standing.seen = -1
            return is_success(last) and webhook.state == WebhookState.ACTIVE

    def _note_failure(self, webhook: Webhook, answered: Answered) -> None:
        """Wait longer with each failure; pause what has failed for too long, or is gone."""
        moment, patience = now(), self.patience
        webhook.failing_at = webhook.failing_at or moment
        webhook.failures += 1
        wait = min(patience.longest, patience.first * 2 ** min(webhook.failures - 1, 40))
        wait *= random.uniform(0.5, 1.0)  # noqa: S311 - that not all come at once
        wait = max(wait, min(answered.retry_after or 0, patience.longest))
        webhook.next_at = moment + round(1000 * wait)
        if webhook.state != WebhookState.ACTIVE:
            return
        gone = answered.status == _GONE
        if gone or moment - webhook.failing_at > 1000 * patience.give_up:
            webhook.state = WebhookState.PAUSED
            webhook.reason = "gone" if gone else "failed for too long"
            webhook.updated_at = moment

    def read_again(self) -> list[Portion]:
        """What is to be sent out of turn, whatever state its webhook is in, unless revoked."""
        with reading(self.engine) as session:
            found = []
            for delivery in list_again(session, self.patience.at_once):
                webhook = session.get(Webhook, delivery.webhook)
                if webhook is not None and webhook.state != WebhookState.REVOKED:
                    message = Message(delivery.id, delivery.body.encode())
                    found.append(self._portion(webhook, [message], in_turn=False))
            return found

    def keep_once(self, token: int, id: str, answered: Answered) -> None:
        """Write down how a delivery out of turn went."""
        with writing(self.engine) as session:
            verify_held(session, token)
            note_attempt(session, id, answered, in_turn=False)
