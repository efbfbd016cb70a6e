"""Messages to a webhook: one POST of JSON. The webhook's address is a secret: no fault names it."""

from collections.abc import Iterator, Mapping
from typing import Any

import requests

from routing.alert_recipients import Recipient
from routing.alerts import Message

WEBHOOK_TIMEOUT_SECONDS = 10.0
"""To connect, and again for the answer."""


def post_messages(
    url: str, messages: Mapping[Recipient, Message]
) -> Iterator[tuple[Recipient, str | None]]:
    """Post each message; yield its recipient, and None once it was accepted, or a fault."""
    for recipient, message in messages.items():
        yield recipient, _post(url, message)


def _post(url: str, message: Message) -> str | None:
    """Post a message. Return why it was not accepted, None when it was: any 2xx.

    Redirects are not followed: a message goes nowhere but to the address in the settings.
    """
    try:
        with requests.post(
            url,
            json=_body(message),
            timeout=WEBHOOK_TIMEOUT_SECONDS,
            stream=True,
            allow_redirects=False,
        ) as answer:
            if 300 <= answer.status_code < 400:
                return (
                    f"The webhook answered {answer.status_code}, a redirect, which is not "
                    "followed: set ALERT_WEBHOOK_URL to the address that it leads to."
                )
            if not answer.ok:
                return f"The webhook answered {answer.status_code}."
    except requests.Timeout:
        return f"The webhook did not answer within {WEBHOOK_TIMEOUT_SECONDS:g} seconds."
    except requests.exceptions.SSLError:
        return "The webhook has a certificate that is not trusted."
    except (requests.RequestException, OSError, ValueError) as error:
        return f"The webhook cannot be reached ({type(error).__name__})."
    return None


def _body(message: Message) -> dict[str, Any]:
    """Return a message as JSON. ``text`` is what Slack, Mattermost and others show."""
    return {
        "id": message.id,
        "text": f"{message.subject}\n\n{message.body}",
        "subject": message.subject,
        "rehearsal": message.is_rehearsal,
        "alerts": [
            {
                "kind": queued.alert.kind,
                "title": queued.alert.title,
                "text": queued.alert.text,
                "noticed_at": queued.noticed_at.isoformat(timespec="seconds"),
            }
            for queued in message.alerts
        ],
    }
