"""The database under mirror and outbox: how it is opened and how its schema grows."""
