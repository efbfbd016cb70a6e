"""Alerts: urgent conditions, sent to people by email and webhook."""

from dataclasses import dataclass

from routing.alert_recipients import Recipient
from routing.store.alerts import QueuedAlert


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. ``id`` is the same whenever the same alerts are sent again."""

    id: str
    subject: str
    body: str
    is_rehearsal: bool
    alerts: tuple[QueuedAlert, ...]


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """What became of a message to a recipient. ``reply`` says in a sentence what came back."""

    recipient: Recipient
    is_accepted: bool
    reply: str
