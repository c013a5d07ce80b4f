"""The client's methods about documents: upload files, read, and what opens a content hash."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ledger.client.flows import (
    REPEATED,
    At,
    Flow,
    Listing,
    chosen,
    decode,
    fetch,
    find,
    listing,
    method,
    segment,
)
from ledger.client.transport import Call

_PATIENCE: Final = 120.0
"""Seconds that the service may take to look into a file."""


@dataclass(frozen=True, slots=True)
class DocumentAnswer:
    """A document that an entry of an asset points at."""

    content_hash: str
    position: int
    media_type: str
    size: int
    url: str
    data_class: str = "ordinary"
    jurisdiction: str | None = None


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What is told of a file; `sha256` is of its bytes."""

    media_type: str
    size: int
    sha256: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that is kept; entries name it by `content_hash`. `format`: what it was looked into as.

    `repeated`: it had been uploaded before.
    """

    content_hash: str
    media_type: str
    size: int
    sha256: str
    url: str
    name: str | None = None
    format: str | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class CommitmentAnswer:
    """What opens a document's content hash; `file` where the document is one."""

    content_hash: str
    seed: str
    serial: str | None
    fields: list[str]
    file: FileAnswer | None = None


class DocumentCalls:
    """Documents are named by content hash."""

    @method
    @staticmethod
    def upload_document(
        file: bytes | Callable[[], Iterator[bytes]],
        media_type: str = "application/octet-stream",
        *,
        name: str | None = None,
        data_class: str | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[UploadedFile]:
        """Upload a file: its bytes, or what begins to read them, again if need be.

        Raises:
            ApiProblem: the service refused it, such as a file that is not what its type says.
        """
        response = yield Call(
            "POST",
            "/v1/documents",
            params=chosen(name=name, data_class=data_class),
            headers={
                "Content-Type": media_type,
                "Idempotency-Key": idempotency_key or secrets.token_hex(16),
            },
            body=file if isinstance(file, bytes) else None,
            stream=None if isinstance(file, bytes) else file,
            wait=_PATIENCE,
        )
        uploaded = decode(response, UploadedFile)
        return replace(uploaded, repeated=response.status_code == REPEATED)

    @method
    @staticmethod
    def take_back_document(content_hash: str) -> Flow[None]:
        """Destroy a file that you uploaded and that nothing points at. Raises ApiProblem."""
        yield Call("DELETE", f"/v1/documents/{segment(content_hash)}")

    @method
    @staticmethod
    def document(content_hash: str) -> Flow[bytes]:
        """A document, byte for byte as it was sent."""
        return fetch(f"/v1/documents/{segment(content_hash)}")

    @method
    @staticmethod
    def find_commitment(content_hash: str) -> Flow[CommitmentAnswer | None]:
        """What opens a document's content hash; None if there is none that is yours to read."""
        return find(f"/v1/documents/{segment(content_hash)}/commitment", CommitmentAnswer)

    @listing
    @staticmethod
    def list_documents(
        asset: str, *, at: At | None = None, page: int | None = None
    ) -> Listing[DocumentAnswer]:
        """The documents that an asset's entries point at."""
        path = f"/v1/assets/{segment(asset)}/documents"
        return Listing(path, chosen(at=at, limit=page), DocumentAnswer)
