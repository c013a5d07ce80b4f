"""The HTTP face of the ledger: the API under /v1 and the explorer at /."""
