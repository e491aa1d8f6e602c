"""Replicate's HTTP API: requests, retries, predictions from their create to their end, streams."""
