"""Every setting: its variable, its default, what it is for. One table, one reader."""

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from routing import typed
from routing.errors import BadSetting, BadTime

SETTINGS: Mapping[str, tuple[str | None, str]] = {
    "DIRECTORY": ("directory.yaml", "the council's directory"),
    "INSTANCE_PATH": ("instance", "where the service keeps what it makes"),
    "BANK_HOLIDAYS_URL": (
        "https://www.gov.uk/bank-holidays.json",
        "where `flask bank-holidays refresh` fetches GOV.UK's list",
    ),
    "PUBLIC_BASE_URL": (None, "where this service is reached from outside: https://..."),
    "DATABASE_URL": (None, "postgresql://...; without it SQLite in the instance folder"),
    "SECRET_KEY": (None, "signs staff cookies; without it one is made and kept, on SQLite only"),
    "OIDC_ISSUER": (None, "the council's OpenID provider; with it local sign-in is off"),
    "OIDC_CLIENT_ID": (None, "this service's id at that provider"),
    "OIDC_CLIENT_SECRET": (None, "and its secret"),
    "OIDC_ROLES_CLAIM": ("roles", "the claim that holds somebody's roles"),
    "EXCHANGE_TOKEN": (None, "bearer token with which an exchange may ask for internal lines"),
    "OPS_TOKEN": (None, "bearer token for /metrics and the words of /readyz"),
    "TWILIO_AUTH_TOKEN": (None, "signs Twilio's webhooks; without it the telephone's door is shut"),
    "CLOCK_STARTS_AT": (None, "rehearsal: the service's clock starts at this instant and runs on"),
    "CLOCK_STARTED_AT": (None, "set by gunicorn.conf.py: when a rehearsal began, in Unix seconds"),
}
"""Variable: (default, purpose). They are read as text; an empty one counts as not set."""

_JULY = datetime(2026, 7, 1, 12, tzinfo=UTC)


def read(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return every setting, and ``CLOCK``, which returns the instant it is now, in UTC.

    Raise BadSetting when one cannot be used, or when the machine lacks zone data.
    """
    settings: dict[str, Any] = {
        name: environ.get(name) or default for name, (default, _) in SETTINGS.items()
    }
    check_zones()
    settings["CLOCK"] = _clock(settings["CLOCK_STARTS_AT"], settings["CLOCK_STARTED_AT"])
    return settings


def check_zones() -> None:
    """Raise BadSetting unless London is an hour ahead of UTC in July, as it should be."""
    try:
        offset = _JULY.astimezone(ZoneInfo("Europe/London")).utcoffset()
    except (KeyError, OSError) as error:
        raise BadSetting(
            f"This machine has no data for Europe/London ({error}). Install the tzdata package."
        ) from error
    if offset != timedelta(hours=1):
        raise BadSetting(
            f"Europe/London is {offset} ahead of UTC in July by this machine's data; it should be "
            "1:00:00. Install the tzdata package, and unset PYTHONTZPATH."
        )


def _clock(starts_at: str | None, started_at: str | None) -> Callable[[], datetime]:
    if starts_at is None:
        return lambda: datetime.now(UTC)
    try:
        starts = typed.read(starts_at)
        began = float(started_at) if started_at else time.time()
    except (BadTime, ValueError) as error:
        raise BadSetting(f"CLOCK_STARTS_AT: {error}") from error
    return lambda: starts + timedelta(seconds=time.time() - began)
