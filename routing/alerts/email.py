"""Messages by email: one connection, one mail to each address. Loaded only to send."""

import re
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

from routing.alerts.messages import Message

WAIT = 10.0
"""Seconds for one answer of the mail server."""


@dataclass(frozen=True, slots=True)
class Email:
    """A message to an address. ``key`` is the recipient's."""

    key: str
    address: str
    message: Message


Tell = Callable[[str, str | None], None]


def send(url: str, sender: str, letters: Sequence[Email], tell: Tell) -> None:
    """Send each letter, and tell of each by its key: None once the server has taken it, or why not.

    The server is asked for STARTTLS; a login is never sent without it. Nothing is raised for what a
    server or a network can do.
    """
    left = list(letters)
    host = urlsplit(url).hostname or ""
    try:
        with _connected(url, sender.rpartition("@")[2]) as server:
            while left:
                fault = _sent(server, sender, left[0])
                tell(left.pop(0).key, fault and f"The mail server {host} {fault}")
    except (smtplib.SMTPException, OSError, ValueError) as error:
        for each in left:
            tell(each.key, f"The mail server {host} {_said(error)}")


def _connected(url: str, own: str) -> smtplib.SMTP:
    parts, context = urlsplit(url), ssl.create_default_context()
    host, user = parts.hostname or "", unquote(parts.username or "")
    if parts.scheme == "smtps":
        port = parts.port or smtplib.SMTP_SSL_PORT
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, own, timeout=WAIT, context=context)
    else:
        port = parts.port or (587 if user else smtplib.SMTP_PORT)
        server = smtplib.SMTP(host, port, own, timeout=WAIT)
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


def _sent(server: smtplib.SMTP, sender: str, letter: Email) -> str | None:
    """Send one letter. Return why the server refused it, None when it was taken."""
    try:
        server.send_message(_written(sender, letter), sender, [letter.address])
    except smtplib.SMTPRecipientsRefused as error:
        return _said(smtplib.SMTPResponseException(*error.recipients[letter.address]))
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        return _said(error)
    return None


def _written(sender: str, letter: Email) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, letter.address
    mail["Subject"] = letter.message.subject
    mail["Date"] = formatdate()
    # Each time the same is sent it is the same, so that a mailbox may drop what it has.
    mail["Message-ID"] = f"<{letter.message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.message.body + "\n", cte="quoted-printable")
    return mail


def _said(error: Exception) -> str:
    """Say what went wrong, without the address, the login or anything of the message."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "refused the login. Look at the user and password of ALERT_SMTP_URL."
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
        words = re.sub(r"\S*@\S*", "...", " ".join(text.split()))
        return f"refused it: {error.smtp_code} {''.join(filter(str.isprintable, words))[:150]}."
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "offers no encryption, or no login: use smtps://, or leave the login out."
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"has a certificate that is not trusted ({error.verify_message}). Where the council "
            "has an authority of its own, set SSL_CERT_FILE to its certificates."
        )
    if isinstance(error, ValueError):
        return "cannot be asked: look at the host and port of ALERT_SMTP_URL."
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be reached ({error.strerror})."
    return f"did not answer ({type(error).__name__})."
