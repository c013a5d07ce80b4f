"""Files that are taken back: noted before they are forgotten, so that a crash keeps none of them.

`leaving/<name>` tells where the description of the file of that name lies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from ledger.documents.packs import Place
from ledger.documents.private import destroy_file, make_folder, write_whole


class Leaving:
    """The notes in a folder; there are as many as crashes left, and files that leave just now."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, name: str, place: Place) -> None:
        """Note lastingly that a file is to go, and its description at `place` with it."""
        make_folder(self._folder)
        write_whole(self._folder / name, [msgspec.json.encode(place)])

    def forget(self, name: str) -> None:
        """Drop the note: the file is gone. That there is none is no fault."""
        destroy_file(self._folder / name)

    def clean(self, is_known: Callable[[str], bool], destroy: Callable[[str, Place], None]) -> None:
        """Destroy what was noted and is not known any more.

        What is known may be leaving just now, or stay as it could not: its note does no harm.
        """
        for path in self._walk():
            if not is_known(path.name):
                destroy(path.name, msgspec.json.decode(path.read_bytes(), type=Place))
                self.forget(path.name)

    def _walk(self) -> Iterator[Path]:
        if self._folder.exists():
            yield from sorted(path for path in self._folder.iterdir() if path.name[0] != ".")
