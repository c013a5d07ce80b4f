"""Where the bytes of uploaded files lie."""

from __future__ import annotations

from sqlalchemy import LargeBinary, Text
from sqlmodel import Field, SQLModel


class FileRow(SQLModel, table=True):
    """The file that a document describes, and its name in the store.

    The document's own row has the file's size and media type, and where its description lies.
    """

    __tablename__ = "document_file"

    content_hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    name: str = Field(sa_type=Text, unique=True)
