"""The way of a request to the chain: durable operations, lanes, and the submitter."""
