"""A service principal's OAuth secrets and federation rules in Access."""

import httpx
import pytest

from tests.tui_registry.access_fixture import SCIM, AccessFixture, choose
from tests.tui_registry.console import SIZES, Console, console
from tests.tui_registry.samples import ASKER


async def open_credentials(shown: Console, name: str) -> None:
    await shown.press("5")
    await shown.shows("Access › Permissions", "admins")
    await shown.press("tab", "tab", "tab")
    await shown.shows("Access › Service principals")
    await shown.press("slash")
    await shown.type(name)
    await shown.press("enter")
    await shown.shows("(1)", name[:12])
    await shown.press("c")
    await shown.shows("Credentials (")


def access_token(access_data: AccessFixture, name: str, secret: str) -> httpx.Response:
    asked = {"grant_type": "client_credentials", "scope": "all-apis"}
    return httpx.post(f"{access_data.url}/oidc/v1/token", data=asked, auth=(name, secret))


@SIZES
async def test_a_secret_is_shown_once_used_and_revoked(
    access_data: AccessFixture, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    name = f"robot-{access_data.samples.id}"
    access_data.call("POST", f"{SCIM}/ServicePrincipals", applicationId=name)
    async with console(access_data.url, access_data.registry.admin_token, size) as shown:
        copied: list[str] = []
        monkeypatch.setattr(shown.app, "copy_to_clipboard", copied.append)
        await open_credentials(shown, name)
        await shown.shows("No secrets and no federation rules.")
        await shown.press("n")
        await shown.shows(f"New secret of {name}", "Lifetime in days")
        await shown.type("0000")
        await shown.press("enter")
        await shown.shows("from 1 to 730")
        await shown.press(*["backspace"] * 4, "enter")
        await shown.shows(f"Secret for {name}", "Copy this secret now")
        await shown.press("y")
        await shown.until(lambda: copied, "it is copied")
        (secret,) = copied
        assert secret in shown.text
        await shown.press("escape")
        await shown.shows("secret", "never")
        assert secret not in shown.text + shown.messages + repr(shown.app.client.journal)
        answer = access_token(access_data, name, secret)
        assert answer.status_code == 200
        token = answer.json()["access_token"]
        assert access_data.owner_of(token) == name

        await shown.press("D")
        await shown.shows("Revoke this secret?", name)
        await shown.press("y")
        await shown.notifies("Revoked, with the access tokens that it gave.")
        await shown.shows("No secrets and no federation rules.")
        assert access_token(access_data, name, secret).status_code == 401
        assert access_data.owner_of(token) is None
        await shown.press("escape")
        await shown.shows("Access › Service principals")


@SIZES
async def test_federation_rules_are_listed_and_deleted(access_data: AccessFixture, size: tuple[int, int]) -> None:
    name, other = f"deployer-{access_data.samples.id}", f"other-{access_data.samples.id}"
    for each in (name, other):
        access_data.call("POST", f"{SCIM}/ServicePrincipals", applicationId=each)
        access_data.call(
            "POST",
            "/federation-rules",
            application_id=each,
            issuer="https://issuer.example.com",
            subject=f"repo:{each}:*",
            audience="registry",
        )
    async with console(access_data.url, access_data.registry.admin_token, size) as shown:
        await open_credentials(shown, name)
        await shown.shows("rule", f"repo:{name}:* of https://issuer.example.com for registry")
        assert other not in shown.text
        await shown.press("slash")
        await shown.type("nothing")
        await shown.shows("No matching secrets or rules.")
        await shown.press("escape")
        await choose(shown, "rule")
        await shown.press("D")
        await shown.shows("Delete this federation rule?")
        await shown.press("y")
        await shown.notifies("Deleted; the access tokens that it gave are revoked.")
        await shown.shows("No secrets and no federation rules.")
    rules = access_data.call("GET", "/federation-rules")["federation_rules"]
    assert [each["subject"] for each in rules if access_data.samples.id in each["subject"]] == [f"repo:{other}:*"]


@SIZES
async def test_a_federation_rule_is_made(access_data: AccessFixture, size: tuple[int, int]) -> None:
    name = f"job-{access_data.samples.id}"
    access_data.call("POST", f"{SCIM}/ServicePrincipals", applicationId=name)
    async with console(access_data.url, access_data.registry.admin_token, size) as shown:
        await open_credentials(shown, name)
        await shown.press("N")
        await shown.shows(f"New federation rule of {name}", "Issuer", "Subject", "Audience")
        for typed in ("http://issuer.example.com", f"repo:{name}:*", "registry"):
            await shown.type(typed)
            await shown.press("enter")
        await shown.notifies("https://")  # the server says what an issuer is
        await shown.press("N")
        for typed in ("https://issuer.example.com", f"repo:{name}:*", "registry"):
            await shown.type(typed)
            await shown.press("enter")
        await shown.notifies(f"federation rule of {name}: Created.")
        await shown.shows(f"repo:{name}:* of https://issuer.example.com for registry")
    rules = access_data.call("GET", "/federation-rules")["federation_rules"]
    assert [each["subject"] for each in rules if each["application_id"] == name] == [f"repo:{name}:*"]


async def test_only_administrators_open_them(access_data: AccessFixture) -> None:
    access_data.call("POST", f"{SCIM}/ServicePrincipals", applicationId=f"closed-{access_data.samples.id}")
    async with console(access_data.url, access_data.registry.token(ASKER)) as shown:
        await shown.press("5")
        await shown.shows("Access › Permissions")
        await shown.press("tab", "tab", "tab")
        await shown.shows("Access › Service principals", "Read-only")
        await shown.press("c")
        await shown.shows("Access › Service principals")
        assert "credentials" not in shown.bar
