"""Messages by email: one connection to the mail server, one email to each address."""

import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

from routing.alert_recipients import Recipient
from routing.alerts import Message, SendOutcome

SMTP_TIMEOUT_SECONDS = 10.0
"""For one answer of the mail server."""

SUBMISSION_PORT = 587
MAX_REPLY_CHARS = 150

_BASIC_AUTH_DISABLED = re.compile(
    r"5\.7\.139|(basic |SmtpClient)authentication is disabled", re.IGNORECASE
)
"""Exchange Online's reply to a right password where it allows none."""


def send_emails(
    url: str, sender: str, messages: Mapping[Recipient, Message]
) -> Iterator[SendOutcome]:
    """Send each message; yield its outcome as soon as the server has accepted or refused it.

    STARTTLS is used where the server offers it; a login is never sent without it. A fault
    of the server or the network raises nothing.
    """
    remaining = list(messages)
    if not remaining:
        return
    host = urlsplit(url).hostname or ""
    try:
        with _connect(url, sender.rpartition("@")[2]) as server:
            while remaining:
                recipient = remaining[0]
                mail = _compose(sender, recipient, messages[recipient])
                fault = _send(server, mail)
                reply = f"The mail server {host} {fault or 'accepted it.'}"
                yield SendOutcome(remaining.pop(0), fault is None, reply)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        for recipient in remaining:
            yield SendOutcome(recipient, False, f"The mail server {host} {_describe(error)}")


def _connect(url: str, own_host: str) -> smtplib.SMTP:
    parts, context = urlsplit(url), ssl.create_default_context()
    host, user = parts.hostname or "", unquote(parts.username or "")
    if parts.scheme == "smtps":
        port = parts.port or smtplib.SMTP_SSL_PORT
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port, own_host, timeout=SMTP_TIMEOUT_SECONDS, context=context
        )
    else:
        port = parts.port or (SUBMISSION_PORT if user else smtplib.SMTP_PORT)
        server = smtplib.SMTP(host, port, own_host, timeout=SMTP_TIMEOUT_SECONDS)
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


def _compose(sender: str, recipient: Recipient, message: Message) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, recipient.address
    mail["Subject"] = message.subject
    mail["Date"] = formatdate()
    # The same alerts always have the same id, so that a mailbox may drop a second copy.
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body + "\n", cte="quoted-printable")
    return mail


def _send(server: smtplib.SMTP, mail: EmailMessage) -> str | None:
    """Send one email. Return why the server refused it, None when it was accepted."""
    sender, address = mail["From"], mail["To"]
    try:
        server.send_message(mail, sender, [address])
    except smtplib.SMTPRecipientsRefused as error:
        return _describe(smtplib.SMTPResponseException(*error.recipients[address]))
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        return _describe(error)
    return None


def _describe(error: Exception) -> str:
    """Say what went wrong, without the address, the login or any part of the message."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        if _BASIC_AUTH_DISABLED.search(str(error.smtp_error)):
            return (
                "takes no user and password any more: basic authentication is disabled there, and "
                "another password does not help. Have SMTP AUTH allowed for this mailbox, or send "
                "through a relay that needs no login, or use ALERT_WEBHOOK_URL."
            )
        return "refused the login. Look at the user and password of ALERT_SMTP_URL."
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
        without_addresses = re.sub(r"\S*@\S*", "...", " ".join(text.split()))
        printable = "".join(filter(str.isprintable, without_addresses))
        return f"refused it: {error.smtp_code} {printable[:MAX_REPLY_CHARS]}."
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "offers no encryption, or no login: use smtps://, or leave the login out."
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"has a certificate that is not trusted ({error.verify_message}). Where the council "
            "has an authority of its own, set SSL_CERT_FILE to its certificates."
        )
    if isinstance(error, ValueError):
        return "cannot be reached: look at the host and port of ALERT_SMTP_URL."
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be reached ({error.strerror})."
    return f"did not answer ({type(error).__name__})."
