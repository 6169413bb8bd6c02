"""The public keys of an OpenID provider: fetched in the background, kept, and fetched again when they were rotated.

Requests wait for the provider only while no key is known yet, or for a key that is not known, and then not for long:
with the provider down, tokens by known keys are still accepted until they expire, and others are refused at once.
"""

import asyncio
import logging
import math
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from tui_registry_server.identity.documents import DocumentError, fetch
from tui_registry_server.rules.errors import TemporarilyUnavailable, Unauthenticated
from tui_registry_server.wire.error import REFUSED
from tui_registry_server.wire.plain_text import one_line

log = logging.getLogger(__name__)

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

REFRESH_SECONDS = 600.0  # after which keys are fetched again, in the background
STALE_SECONDS = 3600.0  # after which a request waits for that
WAIT_SECONDS = 2.0  # that a request waits for keys
MAX_KEYS = 100  # of a provider
MIN_RSA_BITS = 2048

_CURVES = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})

ALGORITHMS = frozenset({*_RSA, *_CURVES, "EdDSA"})
"""The asymmetric algorithms (RFC 7518, RFC 8037). A token by another, such as one with a shared secret, is refused
before any key is looked at."""


class _Key(NamedTuple):
    kid: str | None
    algorithm: str | None
    public: PublicKey


class IssuerKeys:
    """The keys of one issuer, on one event loop. ``min_interval``: seconds between two fetches."""

    def __init__(self, issuer: str, min_interval: float) -> None:
        self.issuer = issuer
        self._min_interval = min_interval
        self._keys: list[_Key] | None = None
        self._fetched_at = self._tried_at = -math.inf
        self._fetching: asyncio.Task[None] | None = None
        self._endpoints: dict[str, Any] = {}
        self._is_answering = True

    async def find(self, kid: str | None, algorithm: str) -> PublicKey:
        """The key of a token's header. Raises Unauthenticated if the issuer has no such key, TemporarilyUnavailable if
        its keys are not known."""
        age = time.monotonic() - self._fetched_at
        if age > STALE_SECONDS:
            await self._wait()
        elif age > REFRESH_SECONDS:
            self.refresh()
        found = self._known(kid, algorithm)
        if found is None and age <= STALE_SECONDS:
            await self._wait()
            found = self._known(kid, algorithm)
        if found is not None:
            return found
        if self._keys is None:
            raise TemporarilyUnavailable(
                "The OpenID provider's keys could not be fetched, so its tokens cannot be verified now. Try again, "
                "or use an access token of the registry."
            )
        raise Unauthenticated(f"{REFUSED} it is signed with a key that the provider does not publish.")

    async def endpoints(self) -> Mapping[str, Any]:
        """The issuer's own description (OpenID Connect Discovery 1.0); empty if it could not be fetched."""
        if not self._endpoints:
            await self._wait()
        return self._endpoints

    def refresh(self) -> asyncio.Task[None] | None:
        """Fetch the keys in the background, unless that was tried a moment ago."""
        if self._fetching is None:
            if time.monotonic() - self._tried_at < self._min_interval:
                return None
            self._tried_at = time.monotonic()
            self._fetching = asyncio.ensure_future(self._fetch())
            self._fetching.add_done_callback(self._on_fetched)
        return self._fetching

    async def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    async def _wait(self) -> None:
        """Wait for a fetch, but not for long: it continues after the wait."""
        if (fetching := self.refresh()) is not None:
            await asyncio.wait({fetching}, timeout=WAIT_SECONDS)

    def _on_fetched(self, fetching: asyncio.Task[None]) -> None:
        self._fetching = None
        if not fetching.cancelled() and (error := fetching.exception()) is not None:
            log.error("the keys of an OpenID provider could not be read", exc_info=error)

    async def _fetch(self) -> None:
        try:
            endpoints = await fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if endpoints.get("issuer") != self.issuer:
                raise DocumentError(f"it says that its issuer is {one_line(str(endpoints.get('issuer')), 200)}")
            keys = _public_keys(await fetch(str(endpoints.get("jwks_uri"))))
        except DocumentError as error:
            if self._is_answering:
                self._is_answering = False
                log.warning("the keys of %s could not be fetched: %s; it is asked again", self.issuer, error)
            return
        if not self._is_answering:
            self._is_answering = True
            log.warning("the keys of %s were fetched again", self.issuer)
        self._endpoints, self._keys, self._fetched_at = endpoints, keys, time.monotonic()

    def _known(self, kid: str | None, algorithm: str) -> PublicKey | None:
        """The key of that name, or without one the only key, if it is for that algorithm."""
        fitting = [each for each in self._keys or () if _fits(each, algorithm)]
        if kid is not None:
            return next((each.public for each in fitting if each.kid == kid), None)
        return fitting[0].public if len(fitting) == 1 else None


def _fits(key: _Key, algorithm: str) -> bool:
    if key.algorithm is not None and key.algorithm != algorithm:
        return False
    if isinstance(key.public, rsa.RSAPublicKey):
        return algorithm in _RSA
    if isinstance(key.public, ec.EllipticCurvePublicKey):
        return _CURVES.get(algorithm) == key.public.curve.name
    return algorithm == "EdDSA"


def _public_keys(document: Mapping[str, Any]) -> list[_Key]:
    """The keys that can verify signatures; others, of kinds that are not known too, are left out (RFC 7517, 5)."""
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise DocumentError(f"it does not publish a list of at most {MAX_KEYS} keys")
    found = []
    for each in listed:
        if not isinstance(each, dict) or each.get("use", "sig") != "sig" or "d" in each or "k" in each:
            continue
        kid, algorithm = each.get("kid"), each.get("alg")
        try:
            public = PyJWK.from_dict({name: value for name, value in each.items() if name != "alg"}).key
        except (PyJWTError, ValueError, TypeError, KeyError):
            continue
        if not isinstance(public, PublicKey) or (
            isinstance(public, rsa.RSAPublicKey) and public.key_size < MIN_RSA_BITS
        ):
            continue
        found.append(
            _Key(kid if isinstance(kid, str) else None, algorithm if isinstance(algorithm, str) else None, public)
        )
    return found
