"""An asset ledger for industrial metaverses: entries on a chain, mirrored, proven complete."""

__version__ = "0.1.0"
