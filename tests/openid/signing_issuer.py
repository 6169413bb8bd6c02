"""An issuer whose keys a test has: it publishes them as an OpenID provider does, and the test signs what it likes."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


class SigningIssuer:
    """``keys`` are by their names; all of them are published. ``fetched`` counts how often they were asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.fetched = 0
        self.seconds = 0.0
        """How long an answer takes."""

    def rotate(self, kid: str) -> None:
        """Publish this new key, and no other."""
        self.keys = {kid: rsa.generate_private_key(65537, 2048)}

    def document(self, path: str) -> dict[str, Any]:
        time.sleep(self.seconds)
        if path.endswith("/openid-configuration"):
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        self.fetched += 1
        return {
            "keys": [
                {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}
                for kid, key in self.keys.items()
            ]
        }

    def claims(self, name: str, **others: Any) -> dict[str, Any]:
        now = int(time.time())
        return {"iss": self.url, "aud": "tui-registry", "iat": now, "exp": now + 600, "email": name} | others

    def token(self, name: str, **others: Any) -> str:
        """A token of a person by the first key. A claim that is None is left out."""
        kid, key = next(iter(self.keys.items()))
        claims = {claim: value for claim, value in self.claims(name, **others).items() if value is not None}
        return jwt.encode(claims, key, "RS256", {"kid": kid})


@contextmanager
def signing_issuer() -> Iterator[SigningIssuer]:
    """The issuer, served until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = json.dumps(issuer.document(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = SigningIssuer(f"http://127.0.0.1:{server.server_address[1]}")
        issuer.rotate("first")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
