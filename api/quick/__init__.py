"""The way of its own that reads of one asset take, in front of the routes."""
