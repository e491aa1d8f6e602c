"""The socket that the page is served on."""

import socket

from ui.listening import listen


def test_its_connections_hold_no_packet_back() -> None:
    """Or what is answered in two writes, as every event is, waits for an acknowledgement."""
    with (
        listen("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()) as _,
        listening.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
