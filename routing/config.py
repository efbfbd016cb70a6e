"""Every setting: its variable, default and purpose, and how it is checked."""

import difflib
import os
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from routing.errors import InvalidSetting, InvalidTime
from routing.text import time_parsing

VERSION = "1.0.0"
"""Of the service. pyproject.toml reads it here."""

SESSION_TOKEN_KEY = "token"  # noqa: S105 - the name of a value, no secret
"""Under which the cookie of a staff page holds the session's token, from sign-in to sign-out."""

SETTINGS: Mapping[str, tuple[str | None, str]] = {
    "DIRECTORY": ("directory.yaml", "the council's directory"),
    "INSTANCE_PATH": ("instance", "the folder in which the service keeps its own files"),
    "BANK_HOLIDAYS_URL": (
        "https://www.gov.uk/bank-holidays.json",
        "where `who-to-call bank-holidays refresh` fetches GOV.UK's list",
    ),
    "PUBLIC_BASE_URL": (None, "where this service is reached from outside: https://..."),
    "DATABASE_URL": (None, "postgresql://...; without it SQLite in the instance folder"),
    "SECRET_KEY": (None, "signs staff cookies; without it one is made and kept, on SQLite only"),
    "OIDC_ISSUER": (None, "the council's OpenID provider; with it local sign-in is off"),
    "OIDC_CLIENT_ID": (None, "this service's id at that provider"),
    "OIDC_CLIENT_SECRET": (None, "and its secret"),
    "OIDC_ROLES_CLAIM": ("roles", "the claim that holds somebody's roles or groups, as `a.b.c`"),
    "OIDC_ROLES": (None, "which roles a value of it gives, as `value=divert,rota; value=admin`"),
    "OIDC_SCOPES": ("openid profile", "what to ask that provider for"),
    "STAFF_HELP": (None, "whom staff ring for help, as `the service desk on 01632 960900`"),
    "EXCHANGE_TOKEN": (None, "bearer token with which an exchange may ask for internal lines"),
    "SECURITY_CONTACT": (None, "whom security.txt names: mailto:... or https://..."),
    "OPS_TOKEN": (None, "bearer token for /metrics and the details of /readyz"),
    "TWILIO_AUTH_TOKEN": (None, "signs Twilio's webhooks; without it the telephone is off"),
    "TWILIO_AUTH_TOKEN_2": (None, "the other token while one replaces the other"),
    "CALLER_ID": (
        "caller",
        "whose number lines see: the caller's, or `own`, the one called",
    ),
    "REHEARSAL_NUMBER": (None, "whom a rehearsal rings, +447700900123; or `directory`"),
    "TELEPHONE": (None, "`none` if the council does not put calls through by this service"),
    "ALERTS": (None, "`none` if the council wants no alerts from this service"),
    "LOG_FORMAT": (None, "`json` or `text`; without it text in a terminal, otherwise JSON"),
    "CALL_RETENTION_DAYS": ("90", "how long the call log keeps a call"),
    "NOTE_RETENTION_DAYS": ("90", "how long notes of diverts and covers are kept, once over"),
    "ROTA_RETENTION_DAYS": (
        "730",
        "how long the rota keeps who worked when, and the names of people who have left",
    ),
    "TWILIO_FALLBACK_URL": (None, "where the fallback is hosted, for `who-to-call twilio doctor`"),
    "TWILIO_ACCOUNT_SID": (
        None,
        "with the key and its secret, `who-to-call twilio doctor` asks Twilio",
    ),
    "TWILIO_API_KEY": (None, "an API key that may read the account's numbers"),
    "TWILIO_API_SECRET": (None, "and its secret"),
    "TWILIO_API_URL": ("https://api.twilio.com", "where Twilio's own interface is"),
    "ALERT_SMTP_URL": (None, "sends alerts by email: smtps:// or smtp://user:password@host:587"),
    "ALERT_FROM": (None, "the address that alerts come from"),
    "ALERT_TO": (None, "the addresses that alerts go to, with commas between"),
    "ALERT_WEBHOOK_URL": (None, "alerts are posted there as JSON"),
    "ALERT_WEBHOOK_FORMAT": ("json", "`json`, `slack`, or `teams` for Teams Workflows"),
    "CLOCK_STARTS_AT": (None, "rehearsal: the service's clock starts at this instant and runs on"),
    "CLOCK_STARTED_AT": (
        None,
        "set by gunicorn_config: when a rehearsal began, in Unix seconds",
    ),
}
"""Variable: (default, purpose). All are text; an empty one counts as not set."""

SECRETS = (
    "DATABASE_URL",
    "SECRET_KEY",
    "OIDC_CLIENT_SECRET",
    "EXCHANGE_TOKEN",
    "OPS_TOKEN",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_AUTH_TOKEN_2",
    "TWILIO_API_SECRET",
    "ALERT_SMTP_URL",
    "ALERT_WEBHOOK_URL",
)
"""Settings whose values are never shown. ``<NAME>_FILE`` may name a file that holds the value."""

_OWN_PREFIXES = (
    *("ALERT", "BANK_HOLIDAYS_", "CLOCK_ST", "EXCHANGE_", "OIDC_", "OPS_"),
    *("REHEARSAL_", "TELEPHONE", "TWILIO_"),
)
"""What no other program's variables begin with: one that is no setting is a slip."""

_SIMILAR, _NEAREST = 0.85, 0.75
"""How alike two names are (difflib's ratio): surely a slip; worth proposing."""

_HOST = r"([A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\])(:[1-9]\d{0,4})?"
_ADDRESS = r"[!#$%&'*+/=?^`{|}~.A-Za-z0-9_-]+@[A-Za-z0-9.-]+"

_FORMATS = {
    "CALLER_ID": (r"caller|own", "`caller` or `own`"),
    "REHEARSAL_NUMBER": (
        r"directory|\+[1-9]\d{6,14}",
        "the number that a rehearsal may ring, as +447700900123; or `directory` for the real ones",
    ),
    "SECURITY_CONTACT": (
        r"(mailto:|https://)\S+",
        "whom to tell of a weakness, as mailto:security@council.example or https://...",
    ),
    "TELEPHONE": (r"none", "`none`, or leave it out"),
    "ALERTS": (r"none", "`none`, or leave it out"),
    "LOG_FORMAT": (r"json|text", "`json` or `text`"),
    "ALERT_WEBHOOK_FORMAT": (r"json|slack|teams", "`json`, `slack` or `teams`"),
    **{
        f"{records}_RETENTION_DAYS": (r"[1-9]\d{0,3}", "a number of days, 1 to 9999")
        for records in ("CALL", "NOTE", "ROTA")
    },
    "PUBLIC_BASE_URL": (
        r"https?://[^\s/?#@]+(/[^\s?#]*)?",
        "the address at which Twilio and browsers reach this service, as https://who.example",
    ),
    "ALERT_SMTP_URL": (
        rf"smtps?://([^\s:/@]+:[^\s/@]+@)?{_HOST}/?",
        "smtps://user:password@mail.example, or smtp:// for STARTTLS, or smtp://mail.example "
        "without a login. In a user or password write %40 for @, %3A for : and %2F for /",
    ),
    "ALERT_FROM": (_ADDRESS, "one address, as who-to-call@council.example"),
    "ALERT_TO": (
        rf"{_ADDRESS}(\s*,\s*{_ADDRESS})*",
        "addresses with commas between, as duty@council.example, ict@council.example",
    ),
    "ALERT_WEBHOOK_URL": (
        r"https?://[^\s/?#]+([/?][^\s#]*)?",
        "the address that your chat or pager gave you, as https://hooks.example/...",
    ),
}
"""Variable: (regular expression, what to write instead of anything that does not match)."""

_ROLE_LIST = r"\s*(view|rota|divert|admin)(\s*,\s*(view|rota|divert|admin))*\s*"
_ROLE_MAP = rf"([^;]*[^;=\s]\s*={_ROLE_LIST}(;\s*|$))*"

_IN_JULY = datetime(2026, 7, 1, 12, tzinfo=UTC)


def read(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return every setting.

    ``CLOCK`` is a function that returns the current instant in UTC, and ``UNKNOWN_SETTINGS`` holds
    a sentence about each variable that looks like a misspelt setting. Relative paths are those of
    the folder that holds app.py; where the package is installed without it, of the current folder.
    Raise InvalidSetting when one cannot be used, or when the machine lacks zone data.
    """
    settings: dict[str, Any] = {
        name: environ.get(name) or default for name, (default, _) in SETTINGS.items()
    }
    for name in SECRETS:
        if path := environ.get(f"{name}_FILE"):
            settings[name] = _read_secret(name, path, settings[name])
    for name in ("DIRECTORY", "INSTANCE_PATH"):
        settings[name] = str(_base_folder() / settings[name])
    check_zones()
    settings["CLOCK"] = _make_clock(settings["CLOCK_STARTS_AT"], settings["CLOCK_STARTED_AT"])
    settings["UNKNOWN_SETTINGS"] = _unknown_settings(environ)
    return settings


def check(settings: Mapping[str, Any]) -> None:
    """Raise InvalidSetting if a setting has the wrong form, or one that it needs is missing."""
    for name, (pattern, instruction) in _FORMATS.items():
        value = settings.get(name)
        if value is not None and not re.fullmatch(pattern, str(value)):
            fault = "not of the right form" if name in SECRETS else repr(value)
            raise InvalidSetting(f"{name} is {fault}. Write {instruction}.")
    database_url = str(settings.get("DATABASE_URL") or "sqlite")
    if not database_url.startswith("sqlite") and not settings.get("SECRET_KEY"):
        raise InvalidSetting(
            "SECRET_KEY is not set, and DATABASE_URL can serve several machines, which must all "
            "sign cookies with the same key. Set it to the same long random text on each, such as "
            "the output of `python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`."
        )


def telephony_disabled_reason(settings: Mapping[str, Any]) -> str | None:
    """Return why Twilio's webhooks are not answered, as a sentence; None when they are."""
    if not settings.get("TWILIO_AUTH_TOKEN") and not settings.get("TWILIO_AUTH_TOKEN_2"):
        return "The telephone is off: TWILIO_AUTH_TOKEN is not set."
    if not settings.get("PUBLIC_BASE_URL"):
        return (
            "The telephone is off: PUBLIC_BASE_URL is not set. Set it to the address that "
            "Twilio has, without /twilio: signatures are checked against it."
        )
    if settings.get("CLOCK_STARTS_AT") and not settings.get("REHEARSAL_NUMBER"):
        return (
            "The telephone is off: this is a rehearsal, and REHEARSAL_NUMBER is not set. Set it to "
            "the number that may be rung, or to `directory` to ring the real ones."
        )
    return None


def sign_in_fault(settings: Mapping[str, Any]) -> str | None:
    """Return which setting staff's sign-in lacks or cannot use, as a sentence; None without one.

    Half a configuration must neither stop calls nor open sign-in with local accounts.
    """
    names = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
    missing = [name for name in names if not settings.get(name)]
    if len(missing) == len(names):
        return None
    role_map = settings.get("OIDC_ROLES") or ""
    if not missing and not re.fullmatch(_ROLE_MAP, role_map):
        return (
            f"Nobody can sign in: OIDC_ROLES is {role_map!r}. Write each value of the claim with "
            "its roles (view, rota, divert, admin): value=divert,rota; another value=admin."
        )
    if not missing:
        return None
    present = " and ".join(name for name in names if name not in missing)
    are = "are" if len(missing) > 1 else "is"
    return (
        f"Nobody can sign in: {present} {'is' if len(missing) > 1 else 'are'} set, but "
        f"{' and '.join(missing)} {are} not. Set all three, or none for accounts of this service."
    )


def rehearsal_number(settings: Mapping[str, Any]) -> str | None:
    """Return the number that a rehearsal rings in place of any other; None for the real ones."""
    number: str | None = settings.get("REHEARSAL_NUMBER")
    return number if settings.get("CLOCK_STARTS_AT") and number != "directory" else None


def base_url(settings: Mapping[str, Any], request_root: str = "") -> str:
    """Return the URL at which this service is reached, without a slash at its end.

    ``request_root`` is used if PUBLIC_BASE_URL is not set; the result is empty without either.
    """
    return str(settings["PUBLIC_BASE_URL"] or request_root).rstrip("/")


def check_zones() -> None:
    """Raise InvalidSetting unless London is an hour ahead of UTC in July, as it should be."""
    try:
        offset = _IN_JULY.astimezone(ZoneInfo("Europe/London")).utcoffset()
    except (KeyError, OSError) as error:
        raise InvalidSetting(
            f"This machine has no data for Europe/London ({error}). Install the tzdata package."
        ) from error
    if offset != timedelta(hours=1):
        raise InvalidSetting(
            f"Europe/London is {offset} ahead of UTC in July by this machine's data; it should be "
            "1:00:00. Install the tzdata package, and unset PYTHONTZPATH."
        )


def _base_folder() -> Path:
    checkout = Path(__file__).parent.parent
    return checkout if (checkout / "app.py").is_file() else Path.cwd()


def _read_secret(name: str, path: str, value: str | None) -> str:
    if value:
        raise InvalidSetting(f"{name} and {name}_FILE are both set. Unset one of them.")
    try:
        return (_base_folder() / path).read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise InvalidSetting(
            f"{name}_FILE is {path}, which cannot be read ({error}). Write the path of a file that "
            "holds the value alone and that the service's user may read."
        ) from error


def _unknown_settings(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return a sentence about each variable that is no setting but looks like one."""
    known = {*SETTINGS, *(f"{name}_FILE" for name in SECRETS), "HOST", "PORT", "WEB_CONCURRENCY"}
    sentences = []
    for name in sorted(environ.keys() - known):
        similar = difflib.get_close_matches(name, SETTINGS, 1, _SIMILAR)
        if not similar and not name.startswith(_OWN_PREFIXES):
            continue
        nearest = similar or difflib.get_close_matches(name, SETTINGS, 1, _NEAREST)
        proposal = f"Write {nearest[0]} instead." if nearest else "docs/settings.md lists them all."
        sentences.append(f"{name} is not a setting of this service and has no effect. {proposal}")
    return tuple(sentences)


def _make_clock(starts_at: str | None, started_at: str | None) -> Callable[[], datetime]:
    if starts_at is None:
        return lambda: datetime.now(UTC)
    try:
        first_reading = time_parsing.parse_rfc3339(starts_at)
        started = float(started_at) if started_at else time.time()
    except (InvalidTime, ValueError) as error:
        raise InvalidSetting(f"CLOCK_STARTS_AT: {error}") from error
    return lambda: first_reading + timedelta(seconds=time.time() - started)
