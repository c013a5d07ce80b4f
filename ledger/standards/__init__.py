"""The ledger in the words of standards: one file each."""
