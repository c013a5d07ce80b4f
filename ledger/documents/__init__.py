"""Documents: what entries point at, in one canonical form, committed by hash, kept as sent."""
