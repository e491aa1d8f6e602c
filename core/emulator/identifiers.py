"""Identifiers of the lengths and alphabets that Replicate's have."""

import secrets

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def new_id(length: int = 26) -> str:
    """Return a new id of a prediction, a training or a file."""
    return "".join(secrets.choice(_BASE32) for _ in range(length))


def new_version() -> str:
    """Return a new id of a version: 64 hex digits."""
    return secrets.token_hex(32)
