"""The mirror for others to read: final blocks as Parquet, JSON Lines and EPCIS documents."""
