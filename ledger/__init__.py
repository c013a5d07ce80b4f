"""An asset ledger for industrial metaverses: entries on a chain, mirrored, proven complete."""

from typing import Final

__version__: Final = "0.1.0"
