"""The columns of the folded tables in their order, for those who make rows without a database.

They are those of `ledger.mirror.tables` (a test compares them): that module takes longer to import
than a process needs that reads ahead and writes nothing.
"""

from __future__ import annotations

from typing import Final

COLUMNS: Final = {
    table: tuple(columns.split())
    for table, columns in {
        "asset": "id org owner schema asset_kind birth_content_hash content_hash stage frozen"
        " custodian operator lien_holder offered parent count head opened_at updated_at"
        " first_sequence last_sequence",
        "batch": "id org owner schema root size content_hash count head opened_at"
        " first_sequence last_sequence",
        "organisation": "id did address active count head opened_at first_sequence last_sequence",
        "schema": "id org content_hash replaces count head opened_at first_sequence last_sequence",
        "world": "id org content_hash schema issuer open count head opened_at"
        " first_sequence last_sequence",
        "founding": "id authority paused successor count head opened_at"
        " first_sequence last_sequence",
        "holder": "asset position party org from_block to_block",
        "offer": "asset position party to expires from_block to_block",
        "account": "org position account from_block to_block",
        "mount": "part position parent from_block to_block",
        "claim": "subject position issuer schema content_hash expires from_block to_block",
        "listing": "asset position world org rendition licence expires issuer credential"
        " from_block to_block",
    }.items()
}
"""By table."""
