"""Who may have the page's token: a browser on this machine that shows this engine's own page. No I/O."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from engine.errors import Forbidden

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

_FORWARDED: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers that a proxy adds: then the client is not who the socket says."""
ELSEWHERE: Final = (
    "The page gets access on the machine that runs the engine alone: open it there as http://localhost, "
    "or lead a port of yours to it: ssh -L 8765:127.0.0.1:8765 that-machine"
)
PUBLIC: Final = (
    "The engine has a public address (ENGINE_PUBLIC_URL), and behind it cannot tell who sits at its machine: "
    "the page shows meetings by their links alone."
)
OTHER_PAGE: Final = "Another page asked for access, not the engine's own."


def check_page(connection: HTTPConnection) -> None:
    """Let in the engine's own page, from a loopback address.

    The `Host` must name this machine, so that a foreign name made to point here (DNS rebinding) is of no use; the `Origin`
    must be that host, so that no other page can ask.

    Raises:
        Forbidden: somebody else asks.
    """
    host = connection.headers.get("host", "")
    local = connection.client is not None and _is_loopback(connection.client.host) and _names_this_machine(host)
    if not local or any(name in connection.headers for name in _FORWARDED):
        raise Forbidden(ELSEWHERE)
    origin = connection.headers.get("origin", "")
    site = connection.headers.get("sec-fetch-site", "same-origin")
    if origin != f"http://{host}" or site != "same-origin":
        raise Forbidden(OTHER_PAGE)


def _names_this_machine(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or _is_loopback(name)


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback
