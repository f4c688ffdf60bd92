"""Requests that the engine makes because a client asked for them: downloads and webhooks.

Only hosts that the settings name are asked, and never an address of this machine or of a private network: a name is resolved
first, every address of it is judged, and the connection goes to an address that was judged. Redirects begin anew.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Protocol

import httpx

from engine.errors import BadRequest, EngineFault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from ipaddress import IPv4Address, IPv6Address

MAX_REDIRECTS: Final = 5
TIMEOUT_SECONDS: Final = 15.0
_PORTS: Final = {"http": 80, "https": 443}
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_IPV4_BITS: Final = 0xFFFFFFFF


class OutboundFailure(EngineFault):
    """The other side could not be asked, or did not do what it was asked for."""


class Resolver(Protocol):
    """Finds the addresses of a host."""

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Raises `OSError` where there are none."""


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """The addresses that this machine knows for a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Outbound:
    """Args: hosts that may be asked, `*.example.com` for all below one, `*` for every public one."""

    def __init__(
        self,
        hosts: Sequence[str],
        *,
        resolver: Resolver = system_resolver,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._hosts = tuple(host.lower().rstrip(".") for host in hosts)
        self._resolver = resolver
        self._client = httpx.AsyncClient(transport=transport, timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    def check(self, name: str, address: str) -> None:
        """Whether an address may be asked at all, before anything is done for it; `name` is the member that it came in.

        Raises:
            BadRequest: it is no http(s) address, or its host is not allowed.
        """
        try:
            url = httpx.URL(address)
        except (httpx.InvalidURL, ValueError) as error:
            raise BadRequest(f'"{name}" is no address.') from error
        if url.scheme not in _PORTS or not url.host or url.userinfo:
            raise BadRequest(f'"{name}" must be an http or https address without a password in it.')
        if not self._allows(url.host):
            raise BadRequest(
                f'"{name}" is at a host that this engine may not ask: its owner can name it in ENGINE_OUTBOUND_HOSTS.'
            )

    def _allows(self, host: str) -> bool:
        host = host.lower().rstrip(".")
        return any(allowed in {"*", host} or (allowed.startswith("*.") and host.endswith(allowed[1:])) for allowed in self._hosts)

    async def post(self, address: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a body. Raises `OutboundFailure` unless the answer is a success; redirects are none."""
        try:
            async with self._open("POST", httpx.URL(address), body, headers) as answer:
                if not answer.is_success:
                    raise OutboundFailure(f"the answer was {answer.status_code}")
        except (httpx.HTTPError, BadRequest) as error:
            raise OutboundFailure(str(error) or type(error).__name__) from error

    async def download(self, address: str) -> AsyncIterator[bytes]:
        """What stands at an address, piece by piece. Raises `OutboundFailure`."""
        url = httpx.URL(address)
        try:
            for _ in range(MAX_REDIRECTS + 1):
                async with self._open("GET", url, None, {}) as answer:
                    if answer.has_redirect_location:
                        url = url.join(answer.headers["location"])
                        continue
                    if not answer.is_success:
                        raise OutboundFailure(f"The download failed: the answer was {answer.status_code}.")
                    async for piece in answer.aiter_bytes():
                        yield piece
                    return
        except (httpx.HTTPError, httpx.InvalidURL, BadRequest) as error:
            raise OutboundFailure(f"The download failed: {str(error) or type(error).__name__}.") from error
        raise OutboundFailure("The download failed: too many redirects.")

    @asynccontextmanager
    async def _open(
        self, method: str, url: httpx.URL, body: bytes | None, headers: Mapping[str, str]
    ) -> AsyncIterator[httpx.Response]:
        """Ask the address that was judged, by the name that was asked for."""
        self.check("url", str(url))
        port = url.port or _PORTS[url.scheme]
        try:
            addresses = await self._resolver(url.host, port)
        except OSError as error:
            raise OutboundFailure(f"{url.host} is not known.") from error
        if not addresses or not all(is_public(address) for address in addresses):
            raise OutboundFailure(f"{url.host} is not an address of the public internet.")
        request = self._client.build_request(
            method,
            url.copy_with(host=addresses[0]),
            content=body,
            headers={**headers, "Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.host},
        )
        answer = await self._client.send(request, stream=True)
        try:
            yield answer
        finally:
            await answer.aclose()


def is_public(address: str) -> bool:
    """Whether an IP address, and any IPv4 address inside it, belongs to the public internet."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in (found, *_inside(found)))


def _inside(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inside.append(ipaddress.IPv4Address(int(address) & _IPV4_BITS))
    return [one for one in inside if one is not None]
