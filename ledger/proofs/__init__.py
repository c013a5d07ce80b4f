"""Proofs: one file that proves a subject's whole history against a block hash, offline."""
