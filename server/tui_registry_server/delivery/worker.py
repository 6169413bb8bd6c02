"""The worker that notifies webhooks' receivers of changes. Every server has one; they share the work by leases.

After a commit, and every second, it adds the deliveries of new activities (store.outbox), and starts to send those of
each webhook that has some due, unless another server has the webhook's lease. A webhook's deliveries are sent one after
the other, in their order; those of different webhooks at the same time, so that a slow receiver delays only its own. A
delivery is marked as sent after the receiver has answered: if the server is killed between, it is sent again with the
same id, by whichever server takes the lease when that ends.
"""

import asyncio
import contextlib
import logging
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from functools import partial

from tui_registry_server.delivery import retries
from tui_registry_server.delivery.sender import Sender
from tui_registry_server.operations.call import Policy
from tui_registry_server.operations.webhook_owner import reason_to_withhold
from tui_registry_server.operations.webhook_request import message_request, request_of
from tui_registry_server.rules.digests import is_collected
from tui_registry_server.rules.errors import RegistryError
from tui_registry_server.rules.limits import Limits
from tui_registry_server.rules.mail import OutgoingMail
from tui_registry_server.rules.webhook_events import Change
from tui_registry_server.rules.webhook_http import Outcome, OutgoingRequest
from tui_registry_server.store import outbox, webhook_deliveries, webhooks
from tui_registry_server.store.database import Database
from tui_registry_server.store.engine import Connection, to_api_error
from tui_registry_server.store.webhook_deliveries import Attempt, DueDelivery
from tui_registry_server.store.webhooks import WebhookRow
from tui_registry_server.wire.registry_webhook import RegistryWebhookStatus
from tui_registry_server.wire.webhook_delivery import DeliveryStatus, FailureReason

log = logging.getLogger(__name__)

POLL_INTERVAL = 1.0  # seconds between looks for changes by other processes, and for retries that are due
COLLECTED_SECONDS = 0.1  # for which commits are collected before their deliveries are added, a batch at a time
BATCH = 20  # deliveries of a webhook that are read, and whose outcomes are written, at once
DIGEST_BATCH = 1000  # changes in one message; it names the first ones, and says how many more there are
BATCH_SECONDS = 1.0  # at most, after which the outcomes so far are written
KEPT = 30 * 24 * 60 * 60 * 1000  # milliseconds that deliveries are kept
CLEANING_INTERVAL = 60 * 60.0  # seconds

Request = OutgoingRequest | OutgoingMail
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError)
"""What reading a row raises that no server has written."""


class DeliveryWorker:
    """``limits``: of sends at once, in all and for the webhooks of one owner. ``outcomes`` counts attempts by the
    status that a delivery got by them."""

    def __init__(self, database: Database, policy: Policy, limits: Limits, sender: Sender) -> None:
        self._database = database
        self._policy = policy
        self._sender = sender
        self._owner = uuid.uuid4().hex
        self._lease = limits.webhook_lease
        self._batch_seconds = min(BATCH_SECONDS, sender.timeout / 4)
        self.outcomes: Counter[str] = Counter({status.lower(): 0 for status in DeliveryStatus})
        self._committed = asyncio.Event()
        self._has_webhooks = False
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(limits.webhook_sends)
        self._slots_of_owner: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(limits.webhook_sends_per_principal)
        )
        self._next_cleaning = time.monotonic() + POLL_INTERVAL  # not at once: there are others to start

    @property
    def sending(self) -> int:
        """How many webhooks are being sent to."""
        return len(self._sending)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver while the block runs. What is not sent by then stays queued."""
        loop = asyncio.get_running_loop()

        def committed() -> None:
            if self._has_webhooks and not self._committed.is_set():
                with contextlib.suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(self._committed.set)

        self._database.commit_listeners.append(committed)
        watching = asyncio.ensure_future(self._watch())
        try:
            yield
        finally:
            tasks = [watching, *self._sending.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._sender.close()

    async def _watch(self) -> None:
        while True:
            self._committed.clear()
            is_behind = False
            try:
                is_behind = await self._look()
            except Exception as error:  # none may end this loop
                if not isinstance(error, RegistryError) and to_api_error(error) is None:
                    log.exception("delivering to webhooks failed unexpectedly")
            if not is_behind:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_INTERVAL):
                        await self._committed.wait()
            await asyncio.sleep(COLLECTED_SECONDS)

    async def _look(self) -> bool:
        """Add deliveries of new activities, and start sending those that are due. Returns whether there are further
        activities: they are as safe there as in the queue, and writers should not wait for what cannot be sent
        yet."""
        if time.monotonic() >= self._next_cleaning:
            before = _now() - KEPT
            while await self._database.read(partial(webhook_deliveries.any_before, before=before)):
                await self._database.write(partial(webhook_deliveries.clean, before=before))
            self._next_cleaning = time.monotonic() + CLEANING_INTERVAL
        self._has_webhooks = await self._database.read(webhooks.any_active)
        if not self._has_webhooks:
            return False
        is_behind = await self._database.read(outbox.has_backlog)
        if is_behind:
            is_behind = await self._database.write(lambda connection: outbox.fan_out(connection, _now()))
        for webhook_id, principal_id in await self._database.read(
            lambda connection: webhook_deliveries.due_webhooks(connection, self._owner, _now())
        ):
            if webhook_id not in self._sending:
                task = asyncio.ensure_future(self._send_all(webhook_id, self._slots_of_owner[principal_id]))
                self._sending[webhook_id] = task
                task.add_done_callback(partial(self._on_sent, webhook_id))
        return is_behind

    def _on_sent(self, webhook_id: str, task: asyncio.Task[None]) -> None:
        del self._sending[webhook_id]
        if task.cancelled() or (error := task.exception()) is None:
            return
        if not isinstance(error, RegistryError) and to_api_error(error) is None:  # type: ignore[arg-type]  # no exit
            log.error("sending to a webhook failed unexpectedly", exc_info=error)

    async def _send_all(self, webhook_id: str, slots_of_owner: asyncio.Semaphore) -> None:
        """Send a webhook's deliveries until none is due, or another server has the lease."""
        is_finished = False
        while not is_finished:
            async with slots_of_owner, self._slots:
                is_finished = await self._send_batch(webhook_id)

    async def _send_batch(self, webhook_id: str) -> bool:
        """Returns whether there is nothing more to send for now."""
        end = time.monotonic() + self._batch_seconds
        if not await self._database.write(partial(self._claim, webhook_id)):
            return True
        webhook, deliveries = await self._database.read(partial(_next, webhook_id))
        attempts: list[Attempt] = []
        is_finished = True
        try:
            if webhook is not None:
                is_finished = await self._send_some(webhook, deliveries, attempts, end)
        finally:  # also if this is cancelled, as the server ends: what was sent is known to be
            await self._database.write(partial(self._record, webhook_id, attempts, is_finished))
            self.outcomes.update(attempt.status.lower() for attempt in attempts)
        return is_finished

    def _claim(self, webhook_id: str, connection: Connection) -> bool:
        return webhook_deliveries.claim(connection, webhook_id, self._owner, int(self._lease * 1000))

    def _record(self, webhook_id: str, attempts: list[Attempt], is_finished: bool, connection: Connection) -> None:
        webhook_deliveries.record(connection, attempts)
        if is_finished:
            webhook_deliveries.release(connection, webhook_id, self._owner)

    async def _send_some(
        self,
        webhook: WebhookRow,
        deliveries: list[DueDelivery],
        attempts: list[Attempt],
        end: float,
    ) -> bool:
        """In order, up to the first that fails, until a time on the monotonic clock: then the lease has to be extended.
        Adds the attempts to the list; returns whether there is nothing more to send for now."""
        if is_collected(webhook.digest):
            return await self._send_digest(webhook, deliveries, attempts)
        for delivery in deliveries:
            if not retries.is_due(delivery, _now()):
                return True
            if time.monotonic() > end:
                return False
            request = await self._request(webhook.id, delivery)
            if isinstance(request, OutgoingRequest | OutgoingMail) and await self._sender.turn():
                request = await self._request(webhook.id, delivery)  # rights may have been revoked while it waited
            if request is None:
                return True
            if isinstance(request, Attempt):
                attempts.append(request)
            else:
                attempts.append(retries.after(delivery, await self._sender.send(request), _now()))
            if attempts[-1].status == DeliveryStatus.PENDING:
                return True
        return len(deliveries) < BATCH

    async def _send_digest(self, webhook: WebhookRow, deliveries: list[DueDelivery], attempts: list[Attempt]) -> bool:
        """All that are due as one message, which is sent again as a whole, with the id of the first."""
        due = [each for each in deliveries if retries.is_due(each, _now())]
        await self._sender.turn()
        sent, not_sent, request = await self._database.read(partial(self._digest, webhook, due))
        attempts += not_sent
        if sent:
            outcome = request if isinstance(request, Outcome) else await self._sender.send(request)
            made = [retries.after(each, outcome, _now()) for each in sent]
            attempts += [each._replace(due_timestamp=made[0].due_timestamp) for each in made]
            if not outcome.is_success:
                return True
        return len(due) < DIGEST_BATCH

    def _digest(
        self, webhook: WebhookRow, deliveries: list[DueDelivery], connection: Connection
    ) -> tuple[list[DueDelivery], list[Attempt], Request | Outcome]:
        """Those that are sent, the outcome of the others, and the message, or why there is none."""
        reason = reason_to_withhold(connection, webhook)
        sent: list[DueDelivery] = []
        changes: list[Change] = []
        not_sent: list[Attempt] = []
        for delivery in deliveries:
            try:
                change = webhook_deliveries.change(connection, delivery.sequence, webhook.dialect)
            except UNREADABLE as error:
                not_sent.append(_unreadable(delivery, error))
                continue
            if (why := reason(change)) is not None:
                not_sent.append(retries.not_sent(delivery, DeliveryStatus.WITHHELD, why))
                continue
            sent.append(delivery)
            changes.append(change)
        if not sent:
            return [], not_sent, Outcome(0)
        try:
            request = message_request(connection, webhook, changes, delivery_id=sent[0].id, policy=self._policy)
        except RegistryError as error:
            return sent, not_sent, Outcome(0, error=FailureReason.NOT_SENT.error(error.message))
        return sent, not_sent, request

    async def _request(self, webhook_id: str, delivery: DueDelivery) -> Request | Attempt | None:
        """The request by which a delivery is sent; or its outcome without one; None if the webhook is not active
        any more. A webhook has one in memory at a time, which can have megabytes of tags."""

        def read(connection: Connection) -> Request | Attempt | None:
            webhook = webhooks.find(connection, webhook_id)
            if webhook is None or webhook.status != RegistryWebhookStatus.ACTIVE:
                return None
            change = webhook_deliveries.change(connection, delivery.sequence, webhook.dialect)
            why = reason_to_withhold(connection, webhook)(change)
            if why is not None:
                return retries.not_sent(delivery, DeliveryStatus.WITHHELD, why)
            try:
                return request_of(
                    connection,
                    webhook,
                    delivery.event,
                    change,
                    delivery_id=delivery.id,
                    now=_now(),
                    policy=self._policy,
                )
            except RegistryError as error:  # the key or the allowed networks have changed
                return retries.after(delivery, Outcome(0, error=FailureReason.NOT_SENT.error(error.message)), _now())

        try:
            return await self._database.read(read)
        except UNREADABLE as error:
            return _unreadable(delivery, error)


def _next(webhook_id: str, connection: Connection) -> tuple[WebhookRow | None, list[DueDelivery]]:
    """The webhook, and its next deliveries."""
    webhook = webhooks.find(connection, webhook_id)
    if webhook is None:
        return None, []
    limit = DIGEST_BATCH if is_collected(webhook.digest) else BATCH
    return webhook, webhook_deliveries.due(connection, webhook_id, limit)


def _unreadable(delivery: DueDelivery, error: Exception) -> Attempt:
    """It is given up, so that one bad row does not hold up those behind it."""
    log.error("delivery %s cannot be made into a request: %r", delivery.id, error)
    why = "The server could not make the request. Its log has the reason."
    return retries.not_sent(delivery, DeliveryStatus.DEAD, why)


def _now() -> int:
    return time.time_ns() // 1_000_000
