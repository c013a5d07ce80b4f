"""Documents for the pages: read once, laid out once; nothing where they are kept private."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, TypeVar

from api.births import Births
from api.explorer.passport import Node, find_summary, find_title, lay_out, read_document
from ledger.errors import LedgerError
from ledger.outbox.tables import Document
from ledger.types import Hash32

_log = logging.getLogger("asset_ledger.api")
_KEPT: Final = 4096
_LARGEST_KEPT: Final = 400
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class _Page:
    """What the pages need of a document."""

    title: str | None
    summary: str | None
    nodes: tuple[Node, ...] | None


class Shelf:
    """Reads documents, remembers the small ones: under a content hash nothing ever changes.

    Not `open` means that documents and serials are kept private: nothing is found then.
    """

    def __init__(self, births: Births, *, open: bool) -> None:
        self.open = open
        self.births = births
        self._pages: OrderedDict[Hash32, _Page] = OrderedDict()
        self._lock = Lock()

    def find_title(self, document: Document | None) -> str | None:
        """What the document calls its asset."""
        page = self._find(document)
        return page.title if page else None

    def find_summary(self, document: Document | None) -> str | None:
        """What the document says in a line."""
        page = self._find(document)
        return page.summary if page else None

    def lay_out(self, document: Document | None) -> tuple[Node, ...]:
        """The document's fields; none where there is no document to show."""
        page = self._find(document)
        if page is None or document is None:
            return ()
        return page.nodes if page.nodes is not None else self._read(document, lay_out) or ()

    def read(self, document: Document) -> bytes | None:
        """The document as it was sent, or None."""
        if not self.open or document.data_class is not None:  # nobody knows where they are read
            return None
        try:
            return self.births.load(document).raw
        except LedgerError as error:
            _log.info("a document is not shown: %s", error)
            return None

    def _find(self, document: Document | None) -> _Page | None:
        if document is None or not self.open:
            return None
        content_hash = document.content_hash
        with self._lock:
            if page := self._pages.get(content_hash):
                self._pages.move_to_end(content_hash)
                return page
        page = self._read(document, _page)
        if page:
            with self._lock:
                self._pages[content_hash] = page
                while len(self._pages) > _KEPT:
                    self._pages.popitem(last=False)
        return page

    def _read(self, document: Document, take: Callable[[Any], _Read]) -> _Read | None:
        raw = self.read(document)
        return None if raw is None else take(read_document(raw))


def _page(document: Any) -> _Page:
    nodes = lay_out(document)
    # Long ones are laid out again when they are looked at.
    small = sum(node.size for node in nodes) <= _LARGEST_KEPT
    return _Page(find_title(document), find_summary(document), nodes if small else None)
