"""What the service tells its supervisor: systemd's protocol (`Type=notify`), a line to a socket. Without one, nothing.

The socket's address is in the environment because that is the protocol; no library is worth these lines.
"""

from __future__ import annotations

import logging
import os
import socket

log = logging.getLogger(__name__)

READY = "READY=1"
ALIVE = "WATCHDOG=1"
STOPPING = "STOPPING=1"


def notify(*states: str) -> None:
    """Tells all of these. A supervisor that cannot be told is logged: that ends no service."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # a name in Linux's abstract namespace
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto("\n".join(states).encode(), address)
    except OSError as error:
        log.warning("the supervisor cannot be told %s: %s", " ".join(states), error.strerror)
