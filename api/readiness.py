"""Whether this service can do its work, and if not, why."""

from __future__ import annotations

import time

from sqlmodel import Session

from ledger.mirror.queries import find_mirror, find_unproven
from ledger.mirror.tables import MirrorRow
from ledger.outbox.overview import list_lanes

_MOST_LAG = 64
_MOST_UNPROVEN = 600.0  # seconds that a block may be old; some nodes prove slowly


def lag_of(mirror: MirrorRow) -> int:
    """Blocks that the node has and the mirror has not."""
    return max(0, mirror.node_block - mirror.block_number)


def find_reasons(session: Session) -> list[str]:
    """Why the service is not ready; empty: it is."""
    mirror, unproven = find_mirror(session), find_unproven(session)
    if mirror is None:
        return ["the ledger is not mirrored yet"]
    reasons = []
    if lag_of(mirror) > _MOST_LAG:
        reasons.append(f"the mirror is {lag_of(mirror)} blocks behind the node")
    # By our clock: the chain's own stands still while no block comes.
    if unproven is not None and time.time() - unproven.timestamp > _MOST_UNPROVEN:
        reasons.append(
            f"what is mirrored from block {unproven.number} on is not proven by the node yet"
        )
    # What it accepts would wait for a person; who watches should not learn it from clients.
    reasons += [
        f"the lane {lane.id} is halted: {lane.halted}"
        for lane in list_lanes(session)
        if lane.halted and not lane.released
    ]
    return reasons
