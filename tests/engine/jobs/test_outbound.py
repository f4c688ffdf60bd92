from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from engine.errors import BadRequest
from engine.jobs.outbound import Outbound, OutboundFailure, is_public

if TYPE_CHECKING:
    from collections.abc import Sequence


class Internet(httpx.AsyncBaseTransport):
    """Names with addresses, and what stands at them; remembers who was asked at which address."""

    def __init__(self, names: dict[str, list[str]], pages: dict[str, httpx.Response]) -> None:
        self.names = names
        self.pages = pages
        self.asked: list[tuple[str, str, str]] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        if host not in self.names:
            raise OSError("unknown")
        return self.names[host]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sni = str(request.extensions.get("sni_hostname"))
        self.asked.append((request.url.host, request.headers["host"], sni))
        return self.pages[f"{request.url.scheme}://{request.headers['host']}{request.url.path}"]


def internet(**pages: httpx.Response) -> Internet:
    names = {
        "a.example": ["93.184.215.14"],
        "b.example": ["2606:2800:21f:cb07::1"],
        "inside.example": ["93.184.215.14", "10.0.0.7"],
    }
    return Internet(names, {f"https://{name.replace('_', '.', 1).replace('_', '/')}": page for name, page in pages.items()})


def outbound(world: Internet, *hosts: str) -> Outbound:
    return Outbound(hosts or ("*.example",), resolver=world.resolve, transport=world)


async def read(out: Outbound, address: str) -> bytes:
    return b"".join([piece async for piece in out.download(address)])


async def test_the_connection_goes_to_the_address_that_was_judged() -> None:
    world = internet(a_example_x=httpx.Response(200, content=b"sound"))
    assert await read(outbound(world), "https://a.example/x") == b"sound"
    assert world.asked == [("93.184.215.14", "a.example", "a.example")]


async def test_a_redirect_is_judged_like_a_first_address() -> None:
    world = internet(
        a_example_x=httpx.Response(302, headers={"location": "https://b.example/y"}),
        b_example_y=httpx.Response(307, headers={"location": "/z"}),
        b_example_z=httpx.Response(200, content=b"sound"),
        a_example_in=httpx.Response(302, headers={"location": "https://inside.example/x"}),
        a_example_out=httpx.Response(302, headers={"location": "https://elsewhere.org/x"}),
        a_example_file=httpx.Response(302, headers={"location": "file:///etc/passwd"}),
        a_example_loop=httpx.Response(302, headers={"location": "https://a.example/loop"}),
        a_example_gone=httpx.Response(404),
    )
    out = outbound(world)
    assert await read(out, "https://a.example/x") == b"sound"
    for path, says in (("in", "public"), ("out", "may not ask"), ("file", "http"), ("loop", "too many"), ("gone", "404")):
        with pytest.raises(OutboundFailure, match=says):
            await read(out, f"https://a.example/{path}")
    assert not any(host.startswith("10.") for host, _, _ in world.asked)


async def test_names_that_lead_inside_are_not_asked() -> None:
    world = internet()
    out = outbound(world, "*")
    for name in ("inside.example", "unknown.example"):
        with pytest.raises(OutboundFailure):
            await out.post(f"https://{name}/hook", b"{}", {})
    assert world.asked == []


async def test_a_webhook_must_say_that_it_took_the_news() -> None:
    world = internet(a_example_hook=httpx.Response(204), b_example_hook=httpx.Response(302, headers={"location": "/other"}))
    out = outbound(world)
    await out.post("https://a.example/hook", b"{}", {})
    with pytest.raises(OutboundFailure, match="302"):
        await out.post("https://b.example/hook", b"{}", {})


@pytest.mark.parametrize(
    "address",
    [
        "ftp://a.example/x",
        "file:///etc/passwd",
        "//a.example",
        "a.example",
        "https://",
        "https://u:p@a.example/",
        "https://[::1",
        "",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadRequest, match="url"):
        outbound(internet()).check("url", address)


def test_only_hosts_of_the_settings() -> None:
    out = Outbound(["hooks.example.com", "*.Example.org"])
    for good in ("https://hooks.example.com/x", "http://HOOKS.example.com.:8080/", "https://a.b.example.org"):
        out.check("url", good)
    for bad in ("https://example.org", "https://xexample.org", "https://hooks.example.com.evil.net", "http://127.0.0.1"):
        with pytest.raises(BadRequest, match="ENGINE_OUTBOUND_HOSTS"):
            out.check("url", bad)
    with pytest.raises(BadRequest, match="ENGINE_OUTBOUND_HOSTS"):
        Outbound([]).check("url", "https://hooks.example.com/x")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "not an address",
    ],
)
def test_addresses_that_are_never_asked(address: str) -> None:
    assert not is_public(address)


def test_public_addresses() -> None:
    assert is_public("93.184.215.14")
    assert is_public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")
