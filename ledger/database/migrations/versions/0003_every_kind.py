"""The mirror's tables for every kind of entry.

What was mirrored knows nothing of parties, parts and what else there is now, nor the other way
round: the mirror is emptied, and fills itself from the chain.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KEPT = ("account", "block", "entry", "holder", "mirror", "organisation")


def upgrade() -> None:
    _empty(_KEPT)
    op.drop_table("asset")
    op.create_table(
        "asset",
        _binary("id"),
        _binary("org"),
        _binary("owner"),
        _binary("schema"),
        sa.Column("asset_kind", sa.SmallInteger(), nullable=False),
        _binary("birth_content_hash", nullable=True),
        _binary("content_hash", nullable=True),
        sa.Column("stage", sa.SmallInteger(), nullable=False),
        _truth("frozen"),
        _binary("custodian", nullable=True),
        _binary("operator", nullable=True),
        _binary("lien_holder", nullable=True),
        sa.Column("offered", sa.SmallInteger(), nullable=False),
        _binary("parent", nullable=True),
        *_number("count"),
        _binary("head"),
        *_number("opened_at", "updated_at", "first_sequence", "last_sequence"),
        sa.PrimaryKeyConstraint("id"),
    )
    _index_assets()
    _create_subjects(
        "batch",
        *map(_binary, ("org", "owner", "schema", "root")),
        *_number("size"),
        _binary("content_hash"),
    )
    op.create_index("batch_org", "batch", ["org", "first_sequence"])
    _create_subjects("schema", *map(_binary, ("org", "content_hash", "replaces")))
    op.create_index("schema_org", "schema", ["org", "first_sequence"])
    op.create_index("schema_replaces", "schema", ["replaces"])
    _create_subjects(
        "world",
        *map(_binary, ("org", "content_hash", "schema", "issuer")),
        _truth("open"),
    )
    op.create_index("world_org", "world", ["org", "first_sequence"])
    _create_subjects(
        "founding",
        _binary("authority"),
        _truth("paused"),
        _binary("successor", nullable=True),
        indexed=False,
    )
    _create_periods(
        "offer",
        "asset",
        sa.Column("party", sa.Text(), nullable=False),
        _binary("to"),
        *_number("expires"),
        by=["to"],
    )
    _create_periods("mount", "part", _binary("parent"), by=["parent"])
    _create_periods(
        "claim",
        "subject",
        *map(_binary, ("issuer", "schema", "content_hash")),
        *_number("expires"),
        by=["issuer", "schema"],
    )
    _create_periods(
        "listing",
        "asset",
        *map(_binary, ("world", "org", "rendition", "licence")),
        *_number("expires"),
        _binary("issuer"),
        *_number("credential"),
        by=["world"],
    )


def downgrade() -> None:
    for table in ("listing", "claim", "mount", "offer", "founding", "world", "schema", "batch"):
        op.drop_table(table)
    _empty(_KEPT)
    op.drop_table("asset")
    op.create_table(
        "asset",
        *map(_binary, ("id", "org", "owner", "schema", "content_hash", "birth_content_hash")),
        sa.Column("asset_kind", sa.SmallInteger(), nullable=False),
        *_number("count"),
        _binary("head"),
        _truth("frozen"),
        *_number("opened_at", "updated_at", "first_sequence", "last_sequence"),
        sa.PrimaryKeyConstraint("id"),
    )
    _index_assets()


def _create_subjects(table: str, *own: sa.Column[object], indexed: bool = True) -> None:
    op.create_table(
        table,
        _binary("id"),
        *own,
        *_number("count"),
        _binary("head"),
        *_number("opened_at", "first_sequence", "last_sequence"),
        sa.PrimaryKeyConstraint("id"),
    )
    if indexed:
        op.create_index(f"{table}_sequence", table, ["first_sequence"], unique=True)


def _create_periods(table: str, of: str, *own: sa.Column[object], by: Sequence[str]) -> None:
    op.create_table(
        table,
        _binary(of),
        *_number("position"),
        *own,
        *_number("from_block"),
        sa.Column("to_block", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint(of, "position"),
    )
    for column in by:
        op.create_index(f"{table}_{column}", table, [column, "from_block"])


def _index_assets() -> None:
    op.create_index(
        "asset_frozen",
        "asset",
        ["first_sequence"],
        sqlite_where=sa.text("frozen = 1"),
        postgresql_where=sa.text("frozen"),
    )
    op.create_index("asset_org", "asset", ["org", "first_sequence"])
    op.create_index("asset_owner", "asset", ["owner", "first_sequence"])
    op.create_index("asset_sequence", "asset", ["first_sequence"], unique=True)


def _empty(tables: Sequence[str]) -> None:
    for table in tables:
        op.execute(sa.delete(sa.table(table)))


def _binary(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def _number(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _truth(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean(), nullable=False)
