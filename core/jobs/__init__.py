"""Durable jobs: written down, sent once, watched by any number, fetched, kept."""
