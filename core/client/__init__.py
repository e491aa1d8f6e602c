"""Replicate's API → methods of a client, asynchronous and blocking."""
