"""Compares the mirror with the chain, cell by cell, by other means than it was filled with."""
