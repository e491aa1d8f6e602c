"""Takes the port before anything slow is loaded."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """Open the listening socket before anything slow, so that a taken port is known at once.

    Raises:
        OSError: with one sentence that says which port and what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise OSError(
            f"Can't listen on {host}:{port} ({error.strerror}); choose another with --port."
        ) from error
    with listening:
        # Else the body of an answer waits 40 ms for the acknowledgement of its head. Each accepted
        # connection takes it over; asyncio sets it only for a socket whose protocol is named.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listening
