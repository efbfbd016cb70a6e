"""Send alerts: queue what is new, send to all recipients at once, record what was sent."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Any

from flask import current_app

from routing import health, lookup
from routing.alert_recipients import Recipient, recipients
from routing.alerts import Message, SendOutcome, email, webhook
from routing.alerts.messages import build_alert, build_message
from routing.config import base_url
from routing.store import alerts
from routing.store.alerts import QueuedAlert

DELIVERY_TIMEOUT_SECONDS = 30.0
"""A message not accepted by then counts as not sent."""


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """How sending to a recipient went: how many alerts it was ``sent``, how many are ``waiting``.

    ``fault`` says why some wait; None where they only wait for the next message.
    """

    recipient: Recipient
    sent: int
    waiting: int
    fault: str | None


def send_alerts(impatient: bool = False) -> list[DeliveryResult]:
    """Queue what is new, send what waits, and return the result for each recipient.

    Any number of machines may do this at the same time. With ``impatient``, keep no pause
    after a message or a failure. Raise DatabaseUnavailable.
    """
    settings, at, database = current_app.config, lookup.now(), lookup.database()
    known = {recipient.key: recipient for recipient in recipients(settings)}
    with database.reading() as connection:
        due = [build_alert(condition) for condition in health.alertable(connection, at)]
    with database.writing() as connection:
        now = alerts.database_time(connection)
        alerts.enqueue(connection, list(known), due, at, now)
        expired_before = at - timedelta(days=int(settings["CALL_RETENTION_DAYS"]))
        alerts.purge(connection, list(known), [alert.key for alert in due], expired_before)
        leased = {key: alerts.lease(connection, key, now, impatient) for key in known}
    sent = _send_leased({known[key]: queued for key, queued in leased.items() if queued})
    with database.reading() as connection:
        states = alerts.delivery_states(connection, list(known))
    return [
        DeliveryResult(recipient, sent.get(key, 0), states[key].waiting, states[key].fault)
        for key, recipient in known.items()
    ]


def deliver(
    settings: Mapping[str, Any],
    messages: Mapping[Recipient, Message],
    timeout: float = DELIVERY_TIMEOUT_SECONDS,
) -> Iterator[SendOutcome]:
    """Send a message to each recipient; yield the outcome of each as soon as it is known.

    A message without an outcome after ``timeout`` seconds counts as failed and is sent again,
    though it may still arrive.
    """
    url, sender = settings["ALERT_SMTP_URL"], settings["ALERT_FROM"]
    by_email = {recipient: messages[recipient] for recipient in messages if recipient.address}
    by_webhook = {recipient: messages[recipient] for recipient in messages.keys() - by_email}
    outcomes: SimpleQueue[SendOutcome] = SimpleQueue()

    def put_all(results: Iterable[SendOutcome]) -> None:
        for outcome in results:
            outcomes.put(outcome)

    # In threads: a socket's time-out bounds neither a name that does not resolve nor slow answers.
    for results in (
        email.send_emails(url, sender, by_email),
        webhook.post_messages(
            settings["ALERT_WEBHOOK_URL"], settings["ALERT_WEBHOOK_FORMAT"], by_webhook
        ),
    ):
        threading.Thread(target=put_all, args=(results,), name="alerts", daemon=True).start()
    pending, deadline = dict.fromkeys(messages), time.monotonic() + timeout
    while pending:
        try:
            outcome = outcomes.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            break
        del pending[outcome.recipient]
        yield outcome
    for recipient in pending:
        yield SendOutcome(recipient, False, f"No answer within {timeout:g} seconds.")


def _send_leased(leased: dict[Recipient, list[QueuedAlert]]) -> dict[str, int]:
    """Send each recipient its leased alerts, and record each outcome as soon as it is known.

    Return how many alerts each recipient's key was sent.
    """
    settings, locale = current_app.config, lookup.staff_locale()
    base, is_rehearsal = base_url(settings), lookup.is_rehearsal()
    messages = {
        recipient: build_message(queued, base, is_rehearsal, locale)
        for recipient, queued in leased.items()
    }
    sent = {}
    for outcome in deliver(settings, messages):
        recipient = outcome.recipient
        queued = leased[recipient]
        with lookup.database().writing() as connection:
            now = alerts.database_time(connection)
            if outcome.is_accepted:
                alerts.mark_sent(connection, recipient.key, [alert.id for alert in queued], now)
                sent[recipient.key] = len(queued)
            else:
                alerts.mark_failed(connection, recipient.key, outcome.reply, now)
    return sent
