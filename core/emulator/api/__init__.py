"""Replicate's operations as HTTP handlers, one file a group of them."""
