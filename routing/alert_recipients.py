"""Who gets alerts, according to the settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from routing.store.tables import hash_token

_TEAMS_DOMAINS = (".logic.azure.com", ".api.powerplatform.com", ".webhook.office.com")


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person or a program that alerts are sent to.

    ``key`` identifies it in the database: a hash, which differs in a rehearsal, so that a rehearsal
    and the real service never send each other's alerts. ``name`` may be shown to anybody.
    ``address`` is for email; None means the webhook.
    """

    key: str
    name: str
    address: str | None = None


def recipients(settings: Mapping[str, Any]) -> tuple[Recipient, ...]:
    """Return every recipient in the settings; by email only if its settings are complete.

    There is none where ALERTS is `none`.
    """
    known: list[Recipient] = []
    if settings.get("ALERTS") == "none":
        return ()
    if settings["ALERT_SMTP_URL"] and settings["ALERT_FROM"] and settings["ALERT_TO"]:
        addresses = [address.strip() for address in settings["ALERT_TO"].split(",")]
        for number, address in enumerate(dict.fromkeys(addresses), 1):
            key = _key(settings, address.casefold())
            known.append(Recipient(key, f"address {number} of ALERT_TO", address))
    if settings["ALERT_WEBHOOK_URL"]:
        known.append(Recipient(_key(settings, settings["ALERT_WEBHOOK_URL"]), "the webhook"))
    return tuple(known)


def missing_settings(settings: Mapping[str, Any]) -> str | None:
    """Return which settings alerts still need, as a sentence; None when they are complete."""
    email = ("ALERT_SMTP_URL", "ALERT_FROM", "ALERT_TO")
    missing = [name for name in email if not settings[name]]
    if settings.get("ALERTS") == "none":
        return None
    if missing and len(missing) < len(email):
        return f"No alert goes out by email: set {' and '.join(missing)} too."
    if missing and not settings["ALERT_WEBHOOK_URL"]:
        return (
            "Nobody is alerted when a call is not answered or a divert ends: set ALERT_SMTP_URL, "
            "ALERT_FROM and ALERT_TO, or ALERT_WEBHOOK_URL, try `who-to-call alerts test`, and run "
            "`who-to-call timers`, which sends them."
        )
    host = urlsplit(settings["ALERT_WEBHOOK_URL"] or "").hostname or ""
    if host.endswith(_TEAMS_DOMAINS) and settings["ALERT_WEBHOOK_FORMAT"] != "teams":
        return (
            "Alerts to Microsoft Teams are lost: it accepts them, and shows only Adaptive Cards. "
            "Set ALERT_WEBHOOK_FORMAT to teams."
        )
    return None


def _key(settings: Mapping[str, Any], address: str) -> str:
    rehearsal = "rehearsal " if settings["CLOCK_STARTS_AT"] else ""
    return hash_token(f"{rehearsal}{address}")[:16]
