"""Send alerts: queue what is new, send to all recipients at once, record what was sent.

Email takes one connection to the mail server. A webhook gets one POST of JSON; its address is a
secret, so no reply names it.
"""

import hashlib
import json
import re
import smtplib
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import formatdate
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from flask import current_app

from routing import lookup
from routing.conditions import KINDS, Condition
from routing.config import Recipient, alert_recipients, base_url
from routing.store import alerts
from routing.store.alerts import Alert, DeliveryState, QueuedAlert
from routing.text import dates
from routing.text.locale import Locale

MAX_LISTED_PER_KIND = 20
"""Alerts of one kind that a message lists; it counts the others."""

MAX_TEXT_CHARS = 500
"""For a title and for a text: they hold names that the council chose."""

_FOOTER = (
    "Each of these is sent once. What still applies is on the staff page and in "
    "`who-to-call status`."
)


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. ``id`` is the same whenever the same alerts are sent again."""

    id: str
    subject: str
    body: str
    is_rehearsal: bool
    alerts: tuple[QueuedAlert, ...]


@dataclass(frozen=True, slots=True)
class AlertKind:
    """A kind of alert: the page to look at, its headings, and the codes of its conditions.

    Its remedy is that of the first code.
    """

    path: str
    heading: str
    heading_of_several: str
    codes: tuple[str, ...]


def _kind(path: str, heading: str, *codes: str, several: str = "") -> AlertKind:
    return AlertKind(f"/staff{path}", heading, several or heading, codes)


ALERT_KINDS: Mapping[str, AlertKind] = {
    "call_unanswered": _kind(
        *("/calls", "A call that nobody answered", "call_unanswered"),
        several="{} calls that nobody answered",
    ),
    "telephone_faults": _kind("/calls", "Calls met a fault of this service", "telephone_faults"),
    "divert_without_effect": _kind(
        *("/diverts", "A divert without effect", "divert_without_effect"),
        several="{} diverts without effect",
    ),
    "divert_ends_soon": _kind(
        *("/diverts", "A divert is about to end", "divert_ends_soon"),
        several="{} diverts are about to end",
    ),
    "rota_gap": _kind("/rota/gaps", "A gap in the rota", "rota_gap", several="{} gaps in the rota"),
    "directory_broken": _kind("", "The directory is broken", "directory_broken"),
    "bank_holidays_stale": _kind(
        *("", "The list of bank holidays is not kept up", "bank_holidays_stale"),
        *("bank_holidays_never_fetched", "bank_holidays_broken"),
    ),
    "number_unconfirmed": _kind(
        *("", "A number in use that is not confirmed", "unverified", "verification_expired"),
        several="{} numbers in use that are not confirmed",
    ),
}
"""Every kind, the most urgent first: messages list them in this order."""

_KIND_OF_CODE = {code: name for name, kind in ALERT_KINDS.items() for code in kind.codes}


def build_alert(condition: Condition) -> Alert:
    """Return the alert for a condition. Its texts are one line each, whatever names they hold."""
    kind = _KIND_OF_CODE[condition.code]
    title = ALERT_KINDS[kind].heading
    if condition.subject:
        title += f": {condition.subject}"
    key = f"{kind} {condition.alert_key}"
    return Alert(key, kind, _one_line(title), _one_line(condition.sentence))


def build_message(
    queued: Sequence[QueuedAlert], base: str, is_rehearsal: bool, locale: Locale
) -> Message:
    """Return one message of all these alerts.

    ``base`` is this service's address; empty if it is not set.
    """
    by_kind = {name: [item for item in queued if item.alert.kind == name] for name in ALERT_KINDS}
    present = [(ALERT_KINDS[name], alerts) for name, alerts in by_kind.items() if alerts]
    subject = "; ".join(_heading(kind, alerts) for kind, alerts in present)
    if len(queued) == 1:
        subject = queued[0].alert.title
    parts = [_part(kind, alerts, base, locale) for kind, alerts in present]
    keys = "\n".join(sorted(item.alert.key for item in queued))
    return _message(keys, subject, "\n\n".join([*parts, _FOOTER]), is_rehearsal, tuple(queued))


def build_test(at: datetime, base: str, is_rehearsal: bool) -> Message:
    """Return a message that says that it is only a test."""
    body = (
        "This is a test, sent by `who-to-call alerts test`. Nothing has happened. Alerts will come "
        f"to you like this.\n\nLook: {_address('/staff', base)}"
    )
    return _message(at.isoformat(), "Test: alerts reach you", body, is_rehearsal)


def _part(kind: AlertKind, alerts: Sequence[QueuedAlert], base: str, locale: Locale) -> str:
    lines = [_heading(kind, alerts), ""]
    for queued in alerts[:MAX_LISTED_PER_KIND]:
        noticed = dates.format_datetime(queued.noticed_at, locale)
        lines.append(f"- {queued.alert.text} Noticed at {noticed}.")
    if len(alerts) > MAX_LISTED_PER_KIND:
        lines.append(f"- And {len(alerts) - MAX_LISTED_PER_KIND} more.")
    remedy = KINDS[kind.codes[0]].remedy
    return "\n".join([*lines, "", f"Do: {remedy}", f"Look: {_address(kind.path, base)}"])


def _heading(kind: AlertKind, alerts: Sequence[QueuedAlert]) -> str:
    return kind.heading if len(alerts) == 1 else kind.heading_of_several.format(len(alerts))


def _message(
    identity: str,
    subject: str,
    body: str,
    is_rehearsal: bool,
    alerts: tuple[QueuedAlert, ...] = (),
) -> Message:
    if is_rehearsal:
        subject = f"REHEARSAL: {subject}"
        body = f"This is a rehearsal: the clock was set, and none of this has happened.\n\n{body}"
    message_id = hashlib.sha256(identity.encode()).hexdigest()[:24]
    return Message(message_id, subject, body, is_rehearsal, alerts)


def _address(path: str, base: str) -> str:
    if not base:
        return f"{path} at this service's address (PUBLIC_BASE_URL is not set)"
    return base + path


def _one_line(text: str) -> str:
    """Return a text as one line of printable characters: it goes into an email's headers."""
    line = " ".join(text.split())
    return "".join(filter(str.isprintable, line))[:MAX_TEXT_CHARS]


DELIVERY_TIMEOUT_SECONDS = 30.0
"""A message not accepted by then counts as not sent."""

ANSWER_TIMEOUT_SECONDS = 10.0
"""To connect to the mail server or the webhook, and again for each answer."""

SUBMISSION_PORT = 587
MAX_REPLY_CHARS = 150

MAX_CARD_BYTES = 24_000
"""For the lines of a card. Teams takes 28 KB with all that is around them, and drops a larger one:
https://learn.microsoft.com/en-us/microsoftteams/limits-specifications-teams
"""

_BASIC_AUTH_DISABLED = re.compile(
    r"5\.7\.139|(basic |SmtpClient)authentication is disabled", re.IGNORECASE
)
"""Exchange Online's reply to a right password where it allows none."""


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """What became of a message to a recipient. ``reply`` says in a sentence what came back."""

    recipient: Recipient
    is_accepted: bool
    reply: str


def send_alerts(
    conditions: Iterable[Condition], impatient: bool = False
) -> list[tuple[Recipient, int, DeliveryState]]:
    """Queue what is new and send what waits; return how many each recipient got, and its state.

    ``conditions`` are all that are worth an alert now. Any number of machines may do this at the
    same time. With ``impatient``, keep no pause after a message or a failure. Raise
    DatabaseUnavailable.
    """
    settings, at, database = current_app.config, lookup.now(), lookup.database()
    known = {recipient.key: recipient for recipient in alert_recipients(settings)}
    due = [build_alert(condition) for condition in conditions]
    with database.writing() as connection:
        now = alerts.database_time(connection)
        alerts.enqueue(connection, list(known), due, at, now)
        if "CALL_RETENTION_DAYS" not in settings["MALFORMED_SETTINGS"]:
            expired_before = at - timedelta(days=int(settings["CALL_RETENTION_DAYS"]))
            alerts.purge(connection, list(known), [alert.key for alert in due], expired_before)
        leased = {key: alerts.lease(connection, key, now, impatient) for key in known}
    sent = _send_leased({known[key]: queued for key, queued in leased.items() if queued})
    with database.reading() as connection:
        states = alerts.delivery_states(connection, list(known))
    return [(recipient, sent.get(key, 0), states[key]) for key, recipient in known.items()]


def deliver(
    settings: Mapping[str, Any],
    messages: Mapping[Recipient, Message],
    timeout: float = DELIVERY_TIMEOUT_SECONDS,
) -> Iterator[SendOutcome]:
    """Send a message to each recipient; yield the outcome of each as soon as it is known.

    A message without an outcome after ``timeout`` seconds counts as failed and is sent again,
    though it may still arrive.
    """
    by_email = {recipient: messages[recipient] for recipient in messages if recipient.address}
    by_webhook = {recipient: messages[recipient] for recipient in messages.keys() - by_email}
    outcomes: SimpleQueue[SendOutcome] = SimpleQueue()
    # In threads: a socket's time-out bounds neither a name that does not resolve nor slow answers.
    for results in (_send_emails(settings, by_email), _post_messages(settings, by_webhook)):
        put_all = map(outcomes.put, results)
        threading.Thread(target=list, args=(put_all,), name="alerts", daemon=True).start()
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
    base, is_rehearsal, sent = base_url(settings), lookup.is_rehearsal(), {}
    messages = {
        recipient: build_message(queued, base, is_rehearsal, locale)
        for recipient, queued in leased.items()
    }
    for outcome in deliver(settings, messages):
        key, queued = outcome.recipient.key, leased[outcome.recipient]
        with lookup.database().writing() as connection:
            now = alerts.database_time(connection)
            if outcome.is_accepted:
                alerts.mark_sent(connection, key, [alert.id for alert in queued], now)
                sent[key] = len(queued)
            else:
                alerts.mark_failed(connection, key, outcome.reply, now)
    return sent


def _send_emails(
    settings: Mapping[str, Any], messages: Mapping[Recipient, Message]
) -> Iterator[SendOutcome]:
    """Send each message; yield its outcome as soon as the server has accepted or refused it.

    STARTTLS is used where the server offers it; a login is never sent without it. A fault
    of the server or the network raises nothing.
    """
    url, sender, remaining = settings["ALERT_SMTP_URL"], settings["ALERT_FROM"], list(messages)
    if not remaining:
        return
    host, own_host = urlsplit(url).hostname or "", sender.rpartition("@")[2]
    try:
        with _connect(url, own_host) as server:
            while remaining:
                recipient = remaining[0]
                mail, message = EmailMessage(), messages[recipient]
                mail["From"], mail["To"] = sender, recipient.address
                mail["Subject"], mail["Date"] = message.subject, formatdate()
                # The same alerts have the same id, so that a mailbox may drop a second copy.
                mail["Message-ID"] = f"<{message.id}@{own_host}>"
                mail["Auto-Submitted"] = "auto-generated"
                mail.set_content(message.body + "\n", cte="quoted-printable")
                is_accepted, reply = True, "accepted it."
                try:
                    server.send_message(mail, sender, [recipient.address or ""])
                except smtplib.SMTPRecipientsRefused as error:
                    (answer,) = error.recipients.values()
                    is_accepted, reply = False, _describe(smtplib.SMTPResponseException(*answer))
                except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
                    is_accepted, reply = False, _describe(error)
                yield SendOutcome(remaining.pop(0), is_accepted, f"The mail server {host} {reply}")
    except (smtplib.SMTPException, OSError, ValueError) as error:
        for recipient in remaining:
            yield SendOutcome(recipient, False, f"The mail server {host} {_describe(error)}")


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
            without_addresses = re.sub(r"\S*@\S*", "...", " ".join(text.split()))
            printable = "".join(filter(str.isprintable, without_addresses))
            for_now = " for now" if 400 <= error.smtp_code < 500 else ""
            login = " Put a user and password into ALERT_SMTP_URL." * (error.smtp_code == 530)
            return f"refused it{for_now}: {error.smtp_code} {printable[:MAX_REPLY_CHARS]}.{login}"
        case smtplib.SMTPNotSupportedError():
            return "offers no encryption, or no login: use smtps://, or leave the login out."
        case ssl.SSLCertVerificationError():
            return (
                f"has a certificate that is not trusted ({error.verify_message}). Where the "
                "council has an authority of its own, set SSL_CERT_FILE to its certificates."
            )
        case ssl.SSLError():
            return "speaks no TLS at this port: use smtp://, or port 465 with smtps://."
        case UnicodeEncodeError():
            return "can be sent no such login: it takes plain ASCII, and £, for one, is not."
        case ValueError():
            return "cannot be reached: look at the host and port of ALERT_SMTP_URL."
        case OSError() if error.strerror:
            return f"cannot be reached ({error.strerror})."
    return f"did not answer ({type(error).__name__})."


def _post_messages(
    settings: Mapping[str, Any], messages: Mapping[Recipient, Message]
) -> Iterator[SendOutcome]:
    url, body_format = settings["ALERT_WEBHOOK_URL"], settings["ALERT_WEBHOOK_FORMAT"]
    for recipient, message in messages.items():
        is_accepted, reply = _post(url, _BODIES[body_format](message))
        if is_accepted and body_format == "teams":
            reply += " Teams shows it within a minute, or the flow's run history says why not."
        yield SendOutcome(recipient, is_accepted, reply)


_WEBHOOK_ADVICE = {
    **dict.fromkeys((401, 403, 404, 410), " Set ALERT_WEBHOOK_URL to a new address from there."),
    400: " It does not take this form: look at ALERT_WEBHOOK_FORMAT.",
    429: " It takes no more messages for now.",
    **dict.fromkeys(
        range(300, 400),
        " Redirects are not followed: set ALERT_WEBHOOK_URL to the address that it leads to.",
    ),
}
"""What to do about a status, by status."""


def _post(url: str, body: dict[str, Any]) -> tuple[bool, str]:
    """Post a message. Return whether it was accepted, by any 2xx, and what came back.

    Redirects are not followed: a message goes nowhere but to the address in the settings.
    """
    timeout = ANSWER_TIMEOUT_SECONDS
    try:
        with requests.post(
            url, json=body, timeout=timeout, stream=True, allow_redirects=False
        ) as answer:
            advice = _WEBHOOK_ADVICE.get(answer.status_code, "")
            is_accepted = 200 <= answer.status_code < 300
            return is_accepted, f"The webhook answered {answer.status_code}.{advice}"
    except requests.Timeout:
        return False, f"The webhook did not answer within {timeout:g} seconds."
    except requests.exceptions.SSLError as error:
        if "CERTIFICATE_VERIFY_FAILED" not in str(error):
            return False, "The webhook speaks no TLS at this port: look at ALERT_WEBHOOK_URL."
        return False, (
            "The webhook has a certificate that is not trusted. Where the council has an authority "
            "of its own, set REQUESTS_CA_BUNDLE to its certificates."
        )
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
