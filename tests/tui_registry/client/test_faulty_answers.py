"""Answers that no registry gives: said in words on every place, nothing shown that is not so, and over by itself."""

import json

import pytest

from tests.tui_registry.console import console
from tests.tui_registry.proxy import proxied
from tests.tui_registry.samples import Samples
from tests.variants import variant


def answer(
    status: str, body: str, *, kind: str = "application/json", more: str = "", length: int | None = None
) -> bytes:
    content = body.encode()
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content) if length is None else length}\r\n"
        f"Connection: close\r\n{more}\r\n"
    ).encode() + content


def error(status: str, code: str, message: str, more: str = "") -> bytes:
    return answer(status, json.dumps({"error_code": code, "message": message}), more=more)


OTHER = {"requests": 5, "registered_models": {}, "activities": "x", "model_versions": 1, "Resources": 3, "userName": 7}
FAULTS = {
    "403": (error("403 Forbidden", "PERMISSION_DENIED", "You may not look at this."), "You may not look at this."),
    "401": (
        error("401 Unauthorized", "UNAUTHENTICATED", "No such realm. Send 'X-Key'."),
        "Unauthorized: No such realm.",
    ),
    "409": (error("409 Conflict", "RESOURCE_CONFLICT", "Look again."), "Look again."),
    "429": (error("429 Too Many Requests", "REQUEST_LIMIT_EXCEEDED", "Too many.", "Retry-After: 1\r\n"), "Too many."),
    "500": (error("500 Internal Server Error", "INTERNAL_ERROR", "[b]It failed[/]\x1b[31m"), "[b]It failed[/]"),
    "503": (answer("503 Service Unavailable", "", kind="text/plain"), "The server answered 503 Service Unavailable."),
    "a page of a hotel": (answer("200 OK", "<html>Welcome</html>", kind="text/html"), "Not an answer of a registry"),
    "a sign-in": (answer("302 Found", "", more="Location: https://login.example.com/?x=1\r\n"), "login.example.com"),
    "half of it": (answer("200 OK", '{"requests": [{"id": "12'), "Not an answer of a registry (application/json)"),
    "of another shape": (answer("200 OK", json.dumps(OTHER)), "Not an answer of a registry"),
    "no object": (answer("200 OK", "[1, 2]"), "Not an answer of a registry"),
    "shorter than it says": (answer("200 OK", '{"requests": [', length=5000), "the connection was closed early"),
    "cut off in its head": (b"HTTP/1.1 200 OK\r\nContent-Ty", "did not answer"),
    "none": (b"", "did not answer: the connection was closed early"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "did not answer"),
    "huge": (answer("200 OK", '{"registered_models": [' + " " * 20_000_000), "Not an answer of a registry"),
}
"""What comes in the place of every answer, and what is then to be read."""

PLACES = {"2": "Models", "3": "Board", "4": "Activity", "5": "Access", "6": "Overview", "7": "Prompts"}
SEEN_ALWAYS = {"Models", "Board"}
SEEN_EVERYWHERE = {"403", "500", "a page of a hotel", "shorter than it says"}
"""One of each way in which a call goes wrong; the others do so on the first places as on all."""


@pytest.mark.parametrize("fault", [each if each in SEEN_EVERYWHERE else variant(each) for each in FAULTS])
async def test_it_is_said_and_passes(samples: Samples, fault: str) -> None:
    instead, message = FAULTS[fault]
    model = samples.pending("there")
    async with proxied(samples.url) as proxy, console(proxy.url, samples.token) as shown:
        await shown.shows("Inbox (1)", model, "● live")
        proxy.canned_answer = instead
        await shown.press("f5")
        await shown.shows("✗ load failed · as of ", model)  # what was read stays, and says how old it is
        for key, title in PLACES.items():
            if title not in SEEN_ALWAYS and fault not in SEEN_EVERYWHERE:
                continue
            await shown.press(key)
            refused = (
                fault == "403" and title == "Access"
            )  # who is no administrator may not look, and that is an answer
            await shown.shows(title, "● live" if refused else "✗ load failed")
            flat = " ".join(shown.text.split())
            assert message in flat, shown.text
            assert refused or "● live" not in shown.text
            assert "(0)" not in shown.header, "nothing was counted"
            assert "None 0" not in shown.text
            assert "\x1b" not in shown.text
        await shown.press("1", "a")
        await shown.press("y")
        await shown.press("escape")
        proxy.canned_answer = None
        await shown.press("f5")
        await shown.shows("● live")
        await shown.press("2")
        await shown.shows("Models", model, "● live")


async def test_a_server_that_asks_for_rest_gets_it(samples: Samples) -> None:
    """What is tried again by itself waits for as long as the server said."""
    model = samples.pending("resting")
    async with proxied(samples.url) as proxy, console(proxy.url, samples.token) as shown:
        await shown.shows(model, "● live")

        def asked() -> int:
            return len([line for line in proxy.asked if "/events" in line])

        before = asked()
        await proxy.cut()
        proxy.canned_answer = error(
            "429 Too Many Requests", "REQUEST_LIMIT_EXCEEDED", "Too many.", "Retry-After: 3\r\n"
        )
        await proxy.open()
        await shown.until(lambda: asked() > before, "it asks for the events again")
        before = asked()
        await shown.pilot.pause(2.0)
        assert asked() == before, "it leaves the server alone"
        proxy.canned_answer = None
        await shown.shows("● live")
