"""The relations that are open, in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeVar

from ledger.domain.relations import Change, Closed, Opened, Relation, Value

R = TypeVar("R", bound=Relation)


class OpenRelations:
    """Relations by type and key, as changes open and close them."""

    def __init__(self) -> None:
        # By type and the key's first field, by which nearly all are looked up: then by key.
        self._held: defaultdict[tuple[type[object], Value], dict[tuple[Value, ...], Relation]] = (
            defaultdict(dict)
        )

    def apply(self, changes: Iterable[Change]) -> None:
        """Open and close what the changes of one entry say."""
        for change in changes:
            match change:
                case Opened(relation):
                    key = tuple([getattr(relation, name) for name in relation.KEY])
                    self._held[type(relation), key[0]][key] = relation
                case Closed():
                    self._close(change)

    def find(self, relation: type[R], *key: Value) -> R | None:
        """The open relation of that type and whole key."""
        found = self._held.get((relation, key[0]), {}).get(key)
        return found if isinstance(found, relation) else None

    def __iter__(self) -> Iterator[Relation]:
        for held in self._held.values():
            yield from held.values()

    def _close(self, closed: Closed) -> None:
        of, named = closed.relation, dict(closed.key)
        if named.keys() == set(of.KEY):
            whole = tuple([named[name] for name in of.KEY])
            self._held[of, whole[0]].pop(whole, None)
            return
        first = named.get(of.KEY[0])
        for at in [at for at in self._held if at[0] is of] if first is None else [(of, first)]:
            held = self._held[at]
            self._held[at] = {key: one for key, one in held.items() if not closed.ends(one)}
