"""Limits on large request bodies: how many are held in memory, in all and per caller; one is parsed at a time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tui_registry_server.rules.errors import RequestTimeout
from tui_registry_server.rules.limits import Limits

MAX_INLINE_BYTES = 8 * 1024  # bytes: requests with a longer body are run in a thread
SMALL_BODY_BYTES = 64 * 1024  # bytes that the protocol buffers before they are read


class LargeBodySlots:
    """The slots for bodies larger than SMALL_BODY_BYTES. A request without a slot waits, and is not read from; while
    requests wait, those with a slot have a deadline."""

    def __init__(self, limits: Limits) -> None:
        self._shared_slots = asyncio.Semaphore(limits.large_bodies)
        self._limit = limits.large_bodies_per_principal
        self._by_principal: dict[str, _PrincipalSlots] = {}
        self._parse_lock = asyncio.Lock()
        self._uploads: dict[asyncio.Timeout, float] = {}
        """When each began, by the loop's clock."""
        self._upload_seconds = limits.large_body_seconds
        self._waiting = 0

    def _set_upload_deadlines(self) -> None:
        """Others are waiting: give every upload a deadline, counted from when it began."""
        for upload, began in self._uploads.items():
            upload.reschedule(max(asyncio.get_running_loop().time(), began + self._upload_seconds))

    @asynccontextmanager
    async def upload(self) -> AsyncIterator[None]:
        """Read a body that has a slot in this block. Raises RequestTimeout if others wait and it takes too long."""
        try:
            async with asyncio.timeout(None) as deadline:
                self._uploads[deadline] = asyncio.get_running_loop().time()
                if self._waiting:
                    self._set_upload_deadlines()
                try:
                    yield
                finally:
                    del self._uploads[deadline]
        except TimeoutError:
            raise RequestTimeout(
                f"The request's body did not arrive within {self._upload_seconds} seconds, and others are waiting to "
                "send large ones. Try again.",
                limit="large_body_seconds",
            ) from None

    def slot(self, principal_id: str) -> "BodySlot":
        """A slot that is not acquired yet."""
        return BodySlot(self, principal_id)

    @asynccontextmanager
    async def parsing(self) -> AsyncIterator[None]:
        """Parse one large body in this block; afterwards pause for as long as it took, so that others are served."""
        async with self._parse_lock:
            began = time.perf_counter()
            try:
                yield
            finally:
                await asyncio.sleep(time.perf_counter() - began)

    async def acquire(self, principal_id: str) -> None:
        principal = self._by_principal.setdefault(principal_id, _PrincipalSlots(asyncio.Semaphore(self._limit)))
        principal.references += 1
        try:
            await principal.slots.acquire()
            try:
                await self._acquire_shared()
            except BaseException:
                principal.slots.release()
                raise
        except BaseException:
            self._drop_reference(principal_id, principal)
            raise

    async def _acquire_shared(self) -> None:
        self._waiting += 1
        try:
            if self._shared_slots.locked():
                self._set_upload_deadlines()
            await self._shared_slots.acquire()
        finally:
            self._waiting -= 1

    def release(self, principal_id: str) -> None:
        principal = self._by_principal[principal_id]
        self._shared_slots.release()
        principal.slots.release()
        self._drop_reference(principal_id, principal)

    def _drop_reference(self, principal_id: str, principal: "_PrincipalSlots") -> None:
        principal.references -= 1
        if not principal.references:
            del self._by_principal[principal_id]


@dataclass(slots=True)
class _PrincipalSlots:
    slots: asyncio.Semaphore
    references: int = 0
    """How many of the principal's bodies have a slot, or wait for one."""


@dataclass(slots=True)
class BodySlot:
    """The slot of one body, acquired if it turns out to be large; to be released when its request is answered."""

    limiter: LargeBodySlots
    principal_id: str
    is_acquired: bool = field(default=False, init=False)
    size: int = field(default=0, init=False)
    """Bytes of the body."""

    async def acquire(self) -> None:
        if not self.is_acquired:
            await self.limiter.acquire(self.principal_id)
            self.is_acquired = True

    def release(self) -> None:
        if self.is_acquired:
            self.is_acquired = False
            self.limiter.release(self.principal_id)
