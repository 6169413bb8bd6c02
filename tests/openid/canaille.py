"""A real identity provider that speaks SCIM: canaille from PyPI, which provisions its people and groups to its clients.

It is driven by its own commands, as an administrator would, and by its pages in a browser of one's own.
"""

import fcntl
import json
import os
import re
import socket
import subprocess
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live_registry import TIMEOUT, LiveRegistry, trusting

RELEASE = "0.3.6"
REQUIREMENTS = (f"canaille[front,oidc,scim,server,sqlite]=={RELEASE}", "scim2-client==0.7.5", "scim2-models==0.6.12")
"""It accepts newer versions of the SCIM libraries, but cannot import them; these are the ones of its own lock file."""

CLIENT, CLIENT_SECRET = "tui-registry", "a client's secret"
CALLBACK = "http://127.0.0.1:9/callback"
"""Nobody listens there: the browser stops before it."""

PASSWORD = "correct horse battery"


class Canaille:
    """An installed canaille with a configuration and an SQLite file in a folder, which ``serving`` has started."""

    def __init__(self, program: Path, folder: Path) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self._address = f"127.0.0.1:{found.getsockname()[1]}"
        self.issuer = f"http://{self._address}"
        self._program = program
        self._folder = folder
        self._environment = os.environ | {"CANAILLE_CONFIG": str(folder / "canaille.toml")}

    def run(self, *arguments: str) -> Any:
        """The JSON that a command prints. It must not have failed, and must not have warned of what it could not
        provision."""
        done = subprocess.run(
            [self._program, *arguments],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stderr[-2000:]}"
        assert "SCIM" not in done.stderr, done.stderr
        return json.loads(done.stdout) if done.stdout.startswith("{") else None

    def configure(self) -> None:
        """Write the configuration with a new key, and create the database."""
        key = json.loads(subprocess.check_output([self._program, "jwk", "create", "rsa"], stderr=subprocess.DEVNULL))
        fields = ", ".join(f"{name} = {json.dumps(value)}" for name, value in key.items())
        (self._folder / "canaille.toml").write_text(f"""\
SECRET_KEY = "of the tests"
SERVER_NAME = "{self._address}"
PREFERRED_URL_SCHEME = "http"
[CANAILLE]
DATABASE = "sql"
[CANAILLE_SQL]
DATABASE_URI = "sqlite:///{self._folder / "canaille.sqlite"}"
[CANAILLE_SCIM]
ENABLE_CLIENT = true
[CANAILLE_OIDC]
ACTIVE_JWKS = [{{{fields}}}]
""")
        self.run("install")

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The provider as a process, until the block ends."""
        with (self._folder / "canaille.log").open("w") as log:
            process = subprocess.Popen(
                [self._program, "run", "--bind", self._address],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            deadline = time.monotonic() + TIMEOUT
            while not self._answers():
                assert process.poll() is None, (self._folder / "canaille.log").read_text()
                assert time.monotonic() < deadline, (self._folder / "canaille.log").read_text()
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.issuer}/.well-known/openid-configuration", verify=trusting(None)).is_success
        except httpx.TransportError:
            return False

    def register(self, registry: LiveRegistry) -> None:
        """Make the registry a client, to which people and groups are provisioned with its administrator's token."""
        grants = ("--grant-types", "authorization_code", "--response-types", "code")
        scopes = [part for scope in ("openid", "profile", "email", "groups") for part in ("--scope", scope)]
        base = f"{registry.url}/api/2.0/preview/scim/v2"
        client = ("--client-id", CLIENT, "--client-secret", CLIENT_SECRET, "--client-name", "Registry")
        uris = ("--client-uri", base, "--redirect-uris", CALLBACK)
        method = ("--token-endpoint-auth-method", "client_secret_basic")
        self.run("create", "client", *client, *uris, *grants, *scopes, *method)
        self.run("set", "client", CLIENT, "--audience", CLIENT)  # by its pages it is so from the start
        issued = ("--issue-date", datetime.now(UTC).isoformat(), "--lifetime", str(365 * 86400))
        secret = ("--token-id", "scim", "--access-token", registry.admin_token, "--type", "access_token")
        self.run("create", "token", *secret, "--client", CLIENT, "--audience", CLIENT, *issued)

    def create_user(self, name: str, *options: str) -> dict[str, Any]:
        """A person, who has PASSWORD."""
        known = ("--user-name", name, "--password", PASSWORD, "--emails", f"{name}@example.com")
        created: dict[str, Any] = self.run("create", "user", *known, "--family-name", name.title(), *options)
        return created

    def token(self, name: str) -> str:
        """An ID token of a person, who signs in with their password in a browser: the authorization code flow."""
        with httpx.Client(base_url=self.issuer, verify=trusting(None), timeout=TIMEOUT) as browser:
            asked = {
                "response_type": "code",
                "client_id": CLIENT,
                "redirect_uri": CALLBACK,
                "nonce": os.urandom(8).hex(),
            }
            page = browser.get("/oauth/authorize", params=asked | {"scope": "openid profile email groups"})
            for _ in range(20):
                if page.is_redirect and (location := page.headers["location"]).startswith(CALLBACK):
                    return self._exchanged(browser, httpx.URL(location).params["code"])
                if page.is_redirect:
                    page = browser.get(location)
                    continue
                field = "password" if 'name="password"' in page.text else "login"
                csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
                assert csrf is not None, page.text
                filled = {"csrf_token": csrf[1], field: PASSWORD if field == "password" else name, "answer": ""}
                page = browser.post(page.url, data=filled)
            raise AssertionError(page.text)

    def _exchanged(self, browser: httpx.Client, code: str) -> str:
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        answer = browser.post("/oauth/token", data=asked, auth=(CLIENT, CLIENT_SECRET))
        assert answer.is_success, answer.text
        token: str = answer.json()["id_token"]
        return token


@contextmanager
def canaille(cache: pytest.Cache, folder: Path) -> Iterator[Canaille]:
    """A new provider without people. It is installed once, into pytest's cache."""
    environment = cache.mkdir(f"canaille-{RELEASE}")
    with (environment.parent / f"{environment.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if not (environment / "installed").exists():
            venv.create(environment, with_pip=True, clear=True)
            python = environment / "bin" / "python"
            subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
            (environment / "installed").touch()
    found = Canaille(environment / "bin" / "canaille", folder)
    found.configure()
    with found.serving():
        yield found
