"""The explorer: the ledger as pages, for whoever wants to look."""
