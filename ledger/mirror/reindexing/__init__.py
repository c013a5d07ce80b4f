"""Rebuilds the mirror beside the one that is read, and puts it in its place in one transaction."""
