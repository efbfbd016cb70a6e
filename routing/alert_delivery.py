"""Send alerts: queue what is new, send to all recipients at once, record what was sent."""

import hashlib
import re
import secrets
import smtplib
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import formatdate
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from flask import current_app

from routing import lookup
from routing.conditions import KINDS, Condition
from routing.config import Recipient, alert_recipients, base_url
from routing.store import alerts, jobs
from routing.store.alerts import Alert
from routing.text import dates
from routing.text.locale import Locale

LEASE = timedelta(minutes=3)
"""How long a recipient is reserved for one sender. If that is killed before it has noted what it
sent, the alerts are sent again: twice rather than never.
"""

RETRY_PAUSE = timedelta(minutes=5)
"""How long after a failure the next attempt follows."""

DIGEST_WINDOW = timedelta(minutes=10)
"""The shortest time between two messages: what happens in it goes into one."""

MAX_LISTED_PER_KIND = 20
"""Alerts of one kind that a message lists; it counts the others."""

MAX_TEXT_CHARS = 500
"""For the text of an alert: it holds names that the council chose."""

DELIVERY_TIMEOUT_SECONDS = 30.0
"""A message not accepted by then counts as not sent."""

ANSWER_TIMEOUT_SECONDS = 10.0
"""To connect to the mail server or the webhook, and again for each answer."""

SUBMISSION_PORT = 587
MAX_REPLY_CHARS = 150

MAX_CARD_CHARS = 3500
"""For the text of a card: six bytes each at most in JSON. Teams drops a card of more than 28 KB
with all that is around its lines:
https://learn.microsoft.com/en-us/microsoftteams/limits-specifications-teams
"""

_PAGES = {
    "call_unanswered": "/staff/calls",
    "telephone_faults": "/staff/calls",
    "divert_without_effect": "/staff/diverts",
    "divert_ends_soon": "/staff/diverts",
    "rota_gap": "/staff/rota/gaps",
    "rota_empty": "/staff/rota/gaps",
}
"""Where to look at what is wrong, by code; /staff for the others."""

_FOOTER = (
    "Each of these is sent once. What still applies is on the staff page and in "
    "`who-to-call status`."
)

_Send = Callable[[Mapping[str, Any], Recipient, "Message"], "SendOutcome"]

_BASIC_AUTH_DISABLED = re.compile(
    r"5\.7\.139|(basic |SmtpClient)authentication is disabled", re.IGNORECASE
)
"""Exchange Online's reply to a right password where it allows none."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. ``id`` is the same whenever the same alerts are sent again."""

    id: str
    subject: str
    body: str
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """What became of a message to a recipient. ``reply`` says in a sentence what came back."""

    recipient: Recipient
    is_accepted: bool
    reply: str


def build_message(queued: Sequence[Alert], base: str, locale: Locale) -> Message:
    """Return one message of all these alerts, those for staff first. Its subject is the first.

    ``base`` is this service's address; empty if it is not set.
    """
    order, parts = list(KINDS), []
    ordered = sorted(queued, key=lambda alert: order.index(alert.kind))
    for kind, of_kind in groupby(ordered, key=lambda alert: alert.kind):
        lines = []
        for alert in of_kind:
            noticed_at = dates.format_datetime(alert.noticed_at, locale)
            lines.append(f"- {_one_line(alert.text)} Noticed at {noticed_at}.")
        if more := len(lines[MAX_LISTED_PER_KIND:]):
            lines[MAX_LISTED_PER_KIND:] = [f"- And {more} more."]
        look = _look_at(_PAGES.get(kind, "/staff"), base)
        parts.append("\n".join([*lines, "", f"Do: {KINDS[kind].remedy}", look]))
    subject = _one_line(ordered[0].text)
    if len(ordered) > 1:
        subject += f" And {len(ordered) - 1} more."
    keys = "\n".join(sorted(alert.dedupe_key for alert in ordered))
    return Message(_message_id(keys), subject, "\n\n".join([*parts, _FOOTER]), tuple(ordered))


def build_test(at: datetime, base: str) -> Message:
    """Return a message that says that it is only a test."""
    body = (
        "This is a test, sent by `who-to-call alerts test`. Nothing has happened. Alerts will come "
        f"to you like this.\n\n{_look_at('/staff', base)}"
    )
    return Message(_message_id(at.isoformat()), "Test: alerts reach you", body)


def send_alerts(conditions: Iterable[Condition]) -> dict[Recipient, int]:
    """Queue what is new and send what waits; return how many alerts each recipient was sent.

    Any number of machines may do this at the same time. Raise DatabaseUnavailable.
    """
    settings, at, database = current_app.config, lookup.now(), lookup.database()
    base, locale = base_url(settings), lookup.staff_locale()
    recipients, owner = alert_recipients(settings), secrets.token_hex(8)
    due = [condition for condition in conditions if condition.alert_key is not None]
    messages: dict[Recipient, Message] = {}
    with database.writing() as connection:
        now, keys = alerts.database_time(connection), [recipient.key for recipient in recipients]
        alerts.enqueue(connection, keys, due, at)
        for recipient in recipients:
            queued, job = alerts.unsent(connection, recipient.key), recipient.job
            if queued and jobs.claim(connection, job, owner, now - DIGEST_WINDOW, now, LEASE):
                messages[recipient] = build_message(queued, base, locale)
    sent = {}
    for outcome in deliver(settings, messages):  # each is recorded as soon as it is known
        job, fault = outcome.recipient.job, None if outcome.is_accepted else outcome.reply
        with database.writing() as connection:
            now = alerts.database_time(connection)
            if outcome.is_accepted:
                ids = [alert.id for alert in messages[outcome.recipient].alerts]
                alerts.mark_sent(connection, ids, now)
                sent[outcome.recipient] = len(ids)
            jobs.finish(connection, job, owner, now, now, fault, RETRY_PAUSE)
    return sent


def deliver(
    settings: Mapping[str, Any],
    messages: Mapping[Recipient, Message],
    timeout: float = DELIVERY_TIMEOUT_SECONDS,
) -> Iterator[SendOutcome]:
    """Send a message to each recipient; yield the outcome of each as soon as it is known.

    A message without an outcome after ``timeout`` seconds counts as failed and is sent again,
    though it may still arrive.
    """
    outcomes: SimpleQueue[SendOutcome] = SimpleQueue()

    def send_all(send: _Send, recipients: Iterable[Recipient]) -> None:
        for recipient in recipients:
            outcomes.put(send(settings, recipient, messages[recipient]))

    by_email = [recipient for recipient in messages if recipient.address is not None]
    by_webhook = [recipient for recipient in messages if recipient.address is None]
    # In threads: a socket's time-out bounds neither a name that does not resolve nor slow answers.
    for channel in ((_send_email, by_email), (_post, by_webhook)):
        threading.Thread(target=send_all, args=channel, name="alerts", daemon=True).start()
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


def _message_id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _look_at(path: str, base: str) -> str:
    if not base:
        path += " at this service's address (PUBLIC_BASE_URL is not set)"
    return f"Look: {base}{path}"


def _one_line(text: str) -> str:
    """Return a text as one line of printable characters: it goes into an email's headers."""
    line = " ".join(text.split())
    return "".join(filter(str.isprintable, line))[:MAX_TEXT_CHARS]


def _send_email(settings: Mapping[str, Any], recipient: Recipient, message: Message) -> SendOutcome:
    """Send a message by email.

    STARTTLS is used where the server offers it; a login is never sent without it.
    """
    url, sender = settings["ALERT_SMTP_URL"], settings["ALERT_FROM"]
    own_host, server_name = sender.rpartition("@")[2], f"The mail server {urlsplit(url).hostname}"
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, recipient.address
    mail["Subject"], mail["Date"] = message.subject, formatdate()
    # The same alerts have the same id, so that a mailbox may drop a second copy.
    mail["Message-ID"] = f"<{message.id}@{own_host}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body + "\n", cte="quoted-printable")
    is_accepted, fault = False, ""
    try:
        with _connect(url, own_host) as server:
            server.send_message(mail, sender, [recipient.address or ""])
            is_accepted = True  # whatever the server says to the goodbye that follows
    except (smtplib.SMTPException, OSError, ValueError) as error:
        fault = _describe(error)
    return SendOutcome(recipient, is_accepted, f"{server_name} {fault or 'accepted it.'}")


def _connect(url: str, own_host: str) -> smtplib.SMTP:
    parts, context = urlsplit(url), ssl.create_default_context()
    host, user = parts.hostname or "", unquote(parts.username or "")
    if parts.scheme == "smtps":
        port = parts.port or smtplib.SMTP_SSL_PORT
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port, own_host, timeout=ANSWER_TIMEOUT_SECONDS, context=context
        )
    else:
        port = parts.port or (SUBMISSION_PORT if user else smtplib.SMTP_PORT)
        server = smtplib.SMTP(host, port, own_host, timeout=ANSWER_TIMEOUT_SECONDS)
    try:
        server.ehlo_or_helo_if_needed()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
        elif parts.scheme == "smtp" and user:
            raise smtplib.SMTPNotSupportedError
        if user:
            server.login(user, unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _describe(error: Exception) -> str:
    """Say what went wrong, without the address, the login or any part of the message."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        (answer,) = error.recipients.values()
        error = smtplib.SMTPResponseException(*answer)
    match error:
        case smtplib.SMTPAuthenticationError() if _BASIC_AUTH_DISABLED.search(
            str(error.smtp_error)
        ):
            return (
                "takes no user and password any more: basic authentication is disabled there, and "
                "another password does not help. Have SMTP AUTH allowed for this mailbox, or send "
                "through a relay that needs no login, or use ALERT_WEBHOOK_URL."
            )
        case smtplib.SMTPAuthenticationError():
            return "refused the login. Look at the user and password of ALERT_SMTP_URL."
        case smtplib.SMTPResponseException():
            reply = error.smtp_error
            text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
            without_addresses = re.sub(r"\S*@\S*", "...", _one_line(text))
            return f"refused it: {error.smtp_code} {without_addresses[:MAX_REPLY_CHARS]}."
        case smtplib.SMTPNotSupportedError():
            return "offers no encryption, or no login: use smtps://, or leave the login out."
        case ssl.SSLCertVerificationError():
            return (
                f"has a certificate that is not trusted ({error.verify_message}). Where the "
                "council has an authority of its own, set SSL_CERT_FILE to its certificates."
            )
    reason = getattr(error, "strerror", None) or type(error).__name__
    return f"cannot be reached ({reason}): look at ALERT_SMTP_URL."


def _post(settings: Mapping[str, Any], recipient: Recipient, message: Message) -> SendOutcome:
    """Post a message to the webhook, which accepts it by any 2xx.

    Its address is a secret, which no reply names. Redirects are not followed: a message goes
    nowhere but to the address in the settings.
    """
    url, body = settings["ALERT_WEBHOOK_URL"], _BODIES[settings["ALERT_WEBHOOK_FORMAT"]](message)
    try:
        with requests.post(
            url, json=body, timeout=ANSWER_TIMEOUT_SECONDS, stream=True, allow_redirects=False
        ) as answer:
            is_accepted = 200 <= answer.status_code < 300
            reply = f"The webhook answered {answer.status_code}."
    except (requests.RequestException, OSError, ValueError) as error:
        is_accepted, reply = False, f"The webhook cannot be reached ({type(error).__name__})."
    advice = (
        " Look at ALERT_WEBHOOK_URL and ALERT_WEBHOOK_FORMAT; where the council has an authority "
        "of its own, set REQUESTS_CA_BUNDLE to its certificates."
    )
    return SendOutcome(recipient, is_accepted, reply if is_accepted else reply + advice)


def _json_body(message: Message) -> dict[str, Any]:
    """Return a message for programs. ``text`` is what Mattermost and others show."""
    return {
        "id": message.id,
        "text": f"{message.subject}\n\n{message.body}",
        "subject": message.subject,
        "alerts": [
            {
                "kind": queued.kind,
                "text": queued.text,
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
    text = message.body
    if len(text) > MAX_CARD_CHARS:
        text = text[:MAX_CARD_CHARS]
        text += "\nThere is more: see `who-to-call alerts list` or the staff pages."
    lines = [
        {"type": "TextBlock", "text": line, "wrap": True} for line in text.splitlines() if line
    ]
    title = {"type": "TextBlock", "text": message.subject, "wrap": True, "weight": "Bolder"}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [title, *lines],
    }
    content_type = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": content_type, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


_BODIES = {"json": _json_body, "slack": _slack_body, "teams": _teams_body}
