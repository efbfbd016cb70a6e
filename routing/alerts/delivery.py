"""Messages on their way: all recipients at once, and nobody waited for longer than agreed."""

import threading
import time
from collections.abc import Iterator, Mapping
from queue import Empty, SimpleQueue
from typing import Any

from routing.alerts.messages import REHEARSAL, Message
from routing.alerts.recipients import Recipient

LONGEST = 30.0
"""Seconds until whatever has not been taken counts as not sent."""


def send(
    config: Mapping[str, Any],
    messages: Mapping[Recipient, Message],
    longest: float = LONGEST,
) -> Iterator[tuple[Recipient, str | None]]:
    """Send a message to each recipient; yield each as soon as it is known: None, or what is wrong.

    What is not known after ``longest`` seconds counts as wrong, though it may arrive: it is sent
    again then.
    """
    known = {each.key: each for each in messages}
    done: SimpleQueue[tuple[str, str | None]] = SimpleQueue()
    # In threads: no time-out of a socket bounds a name that does not resolve, or a slow trickle.
    for job in (_mail, _hook):
        told = (config, messages, done)
        threading.Thread(target=job, args=told, name="alerts", daemon=True).start()
    end = time.monotonic() + longest
    while known:
        try:
            key, fault = done.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            break
        yield known.pop(key), fault
    for each in known.values():
        yield each, f"Nothing was heard for {longest:g} seconds."


def _mail(
    config: Mapping[str, Any],
    messages: Mapping[Recipient, Message],
    done: SimpleQueue[tuple[str, str | None]],
) -> None:
    from routing.alerts import email  # the web worker never sends

    letters = [
        email.Email(each.key, each.address, message)
        for each, message in messages.items()
        if each.address is not None
    ]
    if letters:
        tell = lambda key, fault: done.put((key, fault))  # noqa: E731
        email.send(config["ALERT_SMTP_URL"], config["ALERT_FROM"], letters, tell)


def _hook(
    config: Mapping[str, Any],
    messages: Mapping[Recipient, Message],
    done: SimpleQueue[tuple[str, str | None]],
) -> None:
    from routing.alerts import webhook

    for each, message in messages.items():
        if each.address is None:
            done.put((each.key, webhook.post(config["ALERT_WEBHOOK_URL"], _json(message))))


def _json(message: Message) -> dict[str, Any]:
    """Return a message as JSON. ``text`` is what Slack, Mattermost and others show."""
    return {
        "id": message.id,
        "text": f"{message.subject}\n\n{message.body}",
        "subject": message.subject,
        "rehearsal": message.subject.startswith(REHEARSAL),
        "alerts": [
            {
                "kind": each.alert.kind,
                "title": each.alert.title,
                "text": each.alert.text,
                "noticed_at": each.noticed_at.isoformat(timespec="seconds"),
            }
            for each in message.alerts
        ],
    }
