"""The mirror: every entry of the chain's ledger in tables, committed only when proven equal."""
