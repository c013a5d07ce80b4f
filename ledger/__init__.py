"""An asset ledger for industrial metaverses: entries on a chain, mirrored, proven complete."""
