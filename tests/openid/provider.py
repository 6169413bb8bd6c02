"""A real OpenID provider: oidc-provider for Node.js, certified by the OpenID Foundation, with sign-in by device."""

import fcntl
import html
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live_registry import trusting

PACKAGE = "oidc-provider@9.13.3"
CLIENT = "tui-registry"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Provider:
    """The provider at an issuer's URL. ``people`` sign in by their name, with any password."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._http = httpx.Client(verify=trusting(None), timeout=30)

    def close(self) -> None:
        self._http.close()

    def person(self, name: str, *groups: str, seconds: int = 3600, **claims: Any) -> None:
        """What tokens of a person say from now on. Those of everybody last for ``seconds``."""
        known = {"email": name, "email_verified": True, "name": name.partition("@")[0].title(), "groups": [*groups]}
        answer = self._http.put(f"{self.issuer}/people/{name}", json={"claims": known | claims, "seconds": seconds})
        assert answer.status_code == 200

    def token(self, name: str) -> str:
        """An ID token of a person, who signs in and agrees in a browser."""
        started = self._http.post(
            f"{self.issuer}/device/auth",
            data={"client_id": CLIENT, "scope": "openid email profile groups"},
        ).json()
        self.agree(started["verification_uri_complete"], name)
        answer = self._http.post(
            f"{self.issuer}/token",
            data={"grant_type": DEVICE_GRANT, "device_code": started["device_code"], "client_id": CLIENT},
        ).json()
        token: str = answer["id_token"]
        return token

    def agree(self, url: str, name: str) -> None:
        """Follow the provider's pages in a browser of one's own until the device is signed in."""
        with httpx.Client(verify=trusting(None), follow_redirects=True, timeout=30) as browser:
            page = browser.get(url)
            for _ in range(10):
                form = re.search(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', page.text, re.DOTALL)
                if form is None:
                    break
                fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form[2]))
                if 'name="login"' in form[2]:
                    fields |= {"login": name, "password": "any"}
                page = browser.post(str(page.url.join(html.unescape(form[1]))), data=fields)
            assert "Sign-in Success" in page.text, page.text


def _install(folder: Path) -> None:
    installed = folder / "installed"
    if installed.exists():
        return
    npm = shutil.which("npm")
    assert npm is not None, "the OpenID provider of the tests needs Node.js with npm"
    command = [npm, "install", "--loglevel=error", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    installed.touch()


@contextmanager
def provider(cache: pytest.Cache) -> Iterator[Provider]:
    """The provider as a process, until the block ends. It is installed once, into pytest's cache."""
    folder = cache.mkdir(PACKAGE.replace("@", "-"))
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        _install(folder)
    script = Path(__file__).with_name("provider.mjs")
    with (folder / f"log-{os.getpid()}").open("w") as log:
        process = subprocess.Popen(["node", script, folder], stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        issuer = process.stdout.readline().strip()
        assert issuer, (folder / f"log-{os.getpid()}").read_text()
        found = Provider(issuer)
        try:
            yield found
        finally:
            found.close()
            process.terminate()
            process.wait()
            process.stdout.close()
