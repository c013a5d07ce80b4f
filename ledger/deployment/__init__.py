"""Deployment: contracts are compiled, planned, applied, and written down in a manifest."""
