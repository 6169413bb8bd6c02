"""Where webhooks may send to: every way to write, or to resolve to, an address that is not public is refused."""

import asyncio
import socket
import threading
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from tests.server.receiver import Receiver
from tui_registry_server.delivery.sender import Sender
from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.webhook_http import Outcome, OutgoingRequest
from tui_registry_server.rules.webhook_targets import Target, check_address, check_url

LOOPBACK = (ip_network("127.0.0.0/8"),)

REFUSED_ADDRESSES = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.0.1",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1",
    "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "224.0.1.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:7f00:1",
    "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:10::1",
    "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::", "2002:a9fe:a9fe::", "3fff::1", "5f00::1",
    "192.0.0.8", "192.0.0.192", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
    "4000::1",
)  # fmt: skip
PUBLIC_ADDRESSES = (
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700::1111",
    "64:ff9b::1.1.1.1",
    "::ffff:1.1.1.1",
    "2002:101:101::",
)

REFUSED_URLS = (
    "", "https://", "https:///path", "//hooks.example.com/", "hooks.example.com", "ftp://hooks.example.com/",
    "file:///etc/passwd", "gopher://hooks.example.com/", "javascript:alert(1)", "http://hooks.example.com/",
    "https://user@hooks.example.com/", "https://user:password@hooks.example.com/", "https://hooks.example.com:0x50/",
    "https://hooks.example.com:70000/", "https://hooks.example.com/a b", "https://hooks.example.com/\r\nHost: x",
    "https://hooks.example.com\\@127.0.0.1/", "https://hooks.example.com/é", "https://höoks.example.com/",
    "https://hooks.example.com%2f@127.0.0.1/", "https://[::1", "https://[::1]x/", "https://exa mple.com/",
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://127.1/",
    "https://127.0.1/", "https://127.0.0.1./", "https://0/", "https://017700000001/", "https://127.0.0.0x1/",
    "https://1.2.3.4.5/", "https://1.1.1.256/", "https://.example.com/", "https://" + "a" * 300 + "/",
)  # fmt: skip


@pytest.mark.parametrize("address", REFUSED_ADDRESSES)
def test_addresses_that_are_not_public(address: str) -> None:
    with pytest.raises(InvalidParameterValue, match="--webhook-allow"):
        check_address(ip_address(address), (), plain=False)
    if "%" not in address:
        host = f"[{address}]" if ":" in address else address
        with pytest.raises(InvalidParameterValue):
            check_url(f"https://{host}/hook", ())


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_public_addresses(address: str) -> None:
    check_address(ip_address(address), (), plain=False)
    with pytest.raises(InvalidParameterValue, match="without TLS"):
        check_address(ip_address(address), LOOPBACK, plain=True)


def test_networks_that_are_allowed() -> None:
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1"):
        check_address(ip_address(address), LOOPBACK, plain=True)
    check_address(ip_address("fd00::7"), (ip_network("fd00::/64"),), plain=True)
    for address in ("10.0.0.1", "::1", "fd00::7"):
        with pytest.raises(InvalidParameterValue):
            check_address(ip_address(address), LOOPBACK, plain=False)


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_urls(url: str) -> None:
    with pytest.raises(InvalidParameterValue):
        check_url(url, ())
    if not url.startswith("http://"):
        with pytest.raises(InvalidParameterValue):
            check_url(url, LOOPBACK)


def test_parts_of_a_url() -> None:
    assert check_url("https://hooks.example.com", ()) == Target("https", "hooks.example.com", 443, "/")
    assert check_url("https://[2606:4700::1111]:8443/a?b=c#d", ()) == ("https", "2606:4700::1111", 8443, "/a?b=c")
    assert check_url("http://localhost:80/x", LOOPBACK) == ("http", "localhost", 80, "/x")


def sent(url: str, *, allowed: Any = LOOPBACK, resolved: dict[str, list[str]] | None = None) -> tuple[Outcome, int]:
    """The outcome of a request, with names that resolve to other addresses each time, and how often they did. Names
    without addresses do not exist."""
    times = 0

    def getaddrinfo(host: str, port: int, **options: Any) -> list[Any]:
        nonlocal times
        if resolved is None or host not in resolved:
            return original(host, port, **options)
        times += 1
        if not resolved[host]:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        address = resolved[host][min(times, len(resolved[host])) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    async def run() -> Outcome:
        sender = Sender(allowed, 10)
        try:
            return await sender.send(OutgoingRequest(check_url(url, allowed), {}, b"{}", verify=True))
        finally:
            await sender.close()

    original = socket.getaddrinfo
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)  # a name server of our own
        return asyncio.run(run()), times


def test_names_are_checked_when_they_are_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as receiver:
        for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(variable, receiver.url)  # no proxy is asked
        for name, address in {"metadata.example": "169.254.169.254", "inside.example": "10.1.2.3"}.items():
            outcome, _ = sent(f"https://{name}/", resolved={name: [address]})
            assert outcome.status is None
            assert f"address refused: {name} has no public address." in (outcome.error or "")
            assert address not in (outcome.error or "")
            absent, _ = sent(f"https://{name}/", resolved={name: []})
            assert absent.error == outcome.error, "nobody learns which names exist"
        outcome, _ = sent(f"https://localhost:{receiver.port}/", allowed=())
        assert "localhost has no public address." in (outcome.error or "")
        assert receiver.requests == []

        names = {"changes.example": ["127.0.0.1", "169.254.169.254"]}
        outcome, times = sent(f"http://changes.example:{receiver.port}/", resolved=names)
        assert (outcome.status, times) == (200, 1), "it is connected to the address that was checked"
        assert receiver.requests[0].headers["host"] == f"changes.example:{receiver.port}"


def test_redirects_are_not_followed() -> None:
    with Receiver() as inside, Receiver(lambda _: (307, b"moved", {"Location": f"{inside.url}/x"})) as receiver:
        outcome, _ = sent(receiver.url)
        assert (outcome.status, outcome.body, outcome.is_success) == (307, "moved", False)
        assert inside.requests == []


def test_name_servers_that_never_answer() -> None:
    """Whose names take long holds up neither others' names nor the threads that everything else uses."""
    released = threading.Event()
    original = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, **options: Any) -> list[Any]:
        if host.endswith("slow.example"):
            released.wait(30)
        return original("127.0.0.1", port, **options)

    async def run(url: str) -> Outcome:
        sender = Sender(LOOPBACK, 5)
        try:
            slow = [asyncio.ensure_future(sender.send(request(f"http://{n}.slow.example/"))) for n in range(50)]
            await asyncio.sleep(0)
            outcome = await sender.send(request(url))
            await asyncio.wait_for(asyncio.to_thread(lambda: None), 5)
            assert not any(each.done() for each in slow)
            released.set()
            await asyncio.gather(*slow)
            return outcome
        finally:
            released.set()
            await sender.close()

    def request(url: str) -> OutgoingRequest:
        return OutgoingRequest(check_url(url, LOOPBACK), {}, b"{}", verify=True)

    with Receiver() as receiver, pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        assert asyncio.run(run(f"http://fast.example:{receiver.port}/")).status == 200
