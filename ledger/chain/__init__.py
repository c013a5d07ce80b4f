"""The chain's node, seen from us: asking it, running one, signing for it, calling the ledger."""
