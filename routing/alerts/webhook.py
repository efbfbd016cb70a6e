"""Messages to a webhook: one POST of JSON. The webhook's address is a secret: no reply names it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from routing.alert_recipients import Recipient
from routing.alerts import Message, SendOutcome

WEBHOOK_TIMEOUT_SECONDS = 10.0
"""To connect, and again for the answer."""

MAX_CARD_BYTES = 24_000
"""For the lines of a card. Teams takes 28 KB with all that is around them, and drops a larger one:
https://learn.microsoft.com/en-us/microsoftteams/limits-specifications-teams
"""


def post_messages(
    url: str, body_format: str, messages: Mapping[Recipient, Message]
) -> Iterator[SendOutcome]:
    """Post each message in a format of ALERT_WEBHOOK_FORMAT; yield its outcome."""
    for recipient, message in messages.items():
        is_accepted, reply = _post(url, _BODIES[body_format](message))
        if is_accepted and body_format == "teams":
            reply += " Teams shows it within a minute, or the flow's run history says why not."
        yield SendOutcome(recipient, is_accepted, reply)


def _post(url: str, body: dict[str, Any]) -> tuple[bool, str]:
    """Post a message. Return whether it was accepted, by any 2xx, and what came back.

    Redirects are not followed: a message goes nowhere but to the address in the settings.
    """
    try:
        with requests.post(
            url,
            json=body,
            timeout=WEBHOOK_TIMEOUT_SECONDS,
            stream=True,
            allow_redirects=False,
        ) as answer:
            if 300 <= answer.status_code < 400:
                return False, (
                    f"The webhook answered {answer.status_code}, a redirect, which is not "
                    "followed: set ALERT_WEBHOOK_URL to the address that it leads to."
                )
            return answer.ok, f"The webhook answered {answer.status_code}."
    except requests.Timeout:
        return False, f"The webhook did not answer within {WEBHOOK_TIMEOUT_SECONDS:g} seconds."
    except requests.exceptions.SSLError:
        return False, "The webhook has a certificate that is not trusted."
    except (requests.RequestException, OSError, ValueError) as error:
        return False, f"The webhook cannot be reached ({type(error).__name__})."


def _json_body(message: Message) -> dict[str, Any]:
    """Return a message for programs. ``text`` is what Mattermost and others show."""
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


def _slack_body(message: Message) -> dict[str, Any]:
    text = f"{message.subject}\n\n{message.body}"
    return {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}


def _teams_body(message: Message) -> dict[str, Any]:
    """Return a message as Teams Workflows takes it: an Adaptive Card, with each line as a block."""
    blocks: list[dict[str, Any]] = [_text_block(message.subject, weight="Bolder", size="Medium")]
    bytes_left = MAX_CARD_BYTES
    for line in filter(None, message.body.splitlines()):
        block = _text_block(line)
        bytes_left -= len(json.dumps(block))
        if bytes_left < 0:
            more = "There is more: see `who-to-call alerts list` or the staff pages."
            blocks.append(_text_block(more))
            break
        blocks.append(block)
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    content_type = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": content_type, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _text_block(text: str, **style: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **style}


_BODIES = {"json": _json_body, "slack": _slack_body, "teams": _teams_body}
