"""The certificates that every connection is checked against, read once a process."""

import ssl
from functools import cache

import httpx2


@cache
def trusted_certificates() -> ssl.SSLContext:
    """Return what to check servers by: `SSL_CERT_FILE`'s or `SSL_CERT_DIR`'s, else the system's.

    Reading them takes longer than all the rest of what a client does when it is made.
    """
    return httpx2.create_ssl_context()
