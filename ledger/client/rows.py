"""Lists as one goes through them: page by page, row by row, or as a table for notebooks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from ledger.client.answers import AsOf
from ledger.client.flows import Listing, Page, Params

if TYPE_CHECKING:
    from pandas import DataFrame

    from ledger.client.calling import AsyncCaller, Caller

T = TypeVar("T")


class Rows(Iterator[T], Generic[T]):
    """The rows of a list, once through; a page is fetched when its first row is asked for.

    `as_of` is the block that the newest page stands at, if the list is of a block.
    """

    def __init__(self, caller: Caller, listed: Listing[T]) -> None:
        self._caller = caller
        self._listed = listed
        self._rows = (row for page in self.pages() for row in page)
        self.as_of: AsOf | None = None

    def __next__(self) -> T:
        return next(self._rows)

    def pages(self) -> Iterator[list[T]]:
        """The list from its beginning, page by page."""
        params: Params | None = self._listed.params
        while params is not None:
            page, params = self._caller.run(self._listed.fetch(params))
            self.as_of = page.as_of
            yield page.items

    def to_frame(self) -> DataFrame:
        """All rows that are left as a table (pandas): times are UTC, hashes text.

        Raises:
            MissingExtra: pandas is not installed.
        """
        from ledger.client.frames import make_frame

        return make_frame(list(self), self._listed.answer)


class AsyncRows(AsyncIterator[T], Generic[T]):
    """The same for `async for`."""

    def __init__(self, caller: AsyncCaller, listed: Listing[T]) -> None:
        self._caller = caller
        self._listed = listed
        self._rows = self._each()
        self.as_of: AsOf | None = None

    async def __anext__(self) -> T:
        return await anext(self._rows)

    async def pages(self) -> AsyncIterator[list[T]]:
        """The list from its beginning, page by page."""
        params: Params | None = self._listed.params
        while params is not None:
            page: Page[T]
            page, params = await self._caller.run(self._listed.fetch(params))
            self.as_of = page.as_of
            yield page.items

    async def _each(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for row in page:
                yield row

    async def to_frame(self) -> DataFrame:
        """All rows that are left as a table (pandas): times are UTC, hashes text.

        Raises:
            MissingExtra: pandas is not installed.
        """
        from ledger.client.frames import make_frame

        return make_frame([row async for row in self], self._listed.answer)
