"""Every setting: its variable and default, what is wrong with its value, and what is missing."""

import difflib
import hashlib
import os
import re
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from routing.errors import InvalidSetting
from routing.text import time_parsing

VERSION = "1.0.0"
"""Of the service. pyproject.toml reads it here."""

SESSION_TOKEN_KEY = "token"  # noqa: S105 - the name of a value, no secret
"""Under which the cookie of a staff page holds the session's token, from sign-in to sign-out."""

_ASCII = r"(?=[!-~]+\Z)"  # no blank, nor a character that cannot be seen
_HOST = r"([A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\])(:[1-9]\d{0,4})?"
_ADDRESS = r"[!#$%&'*+/=?^`{|}~.A-Za-z0-9_-]+@[A-Za-z0-9.-]+"


class Form(NamedTuple):
    """What a value must match, and what to write instead of one that does not."""

    pattern: str
    instruction: str


class Setting(NamedTuple):
    """A setting's default and form. The value of a secret is never shown."""

    default: str | None = None
    form: Form | None = None
    is_secret: bool = False


_NONE = Form(r"none", "`none`, or leave it out")
_DAYS = Form(r"[1-9]\d{0,3}", "a number of days, 1 to 9999")
_TOKEN = Form(rf"{_ASCII}[^\"'<].*", "the text itself, without quotation marks or blanks")
_URL = Form(
    rf"{_ASCII}https?://([^/?#@]+@)?{_HOST}([/?][^#]*)?", "an address, as https://who.example/..."
)
_PUBLIC_URL = Form(
    rf"{_ASCII}https?://{_HOST}(/[^?#]*)?",
    "the address at which Twilio and browsers reach this service, as https://who.example",
)
_CONTACT = Form(
    r"(mailto:|https://)\S+",
    "whom to tell of a weakness, as mailto:security@council.example or https://...",
)
_REHEARSAL_NUMBER = Form(
    r"directory|\+[1-9]\d{6,14}",
    "the number that a rehearsal may ring, as +447700900123; or `directory` for the real ones",
)
_SMTP_URL = Form(
    rf"smtps?://([^\s:/@]+:[^\s/@]+@)?{_HOST}/?",
    "smtps://user:password@mail.example, or smtp:// for STARTTLS, or smtp://mail.example without "
    "a login. In a user or password write %40 for @, %3A for : and %2F for /",
)
_ADDRESSES = Form(
    rf"{_ADDRESS}(\s*,\s*{_ADDRESS})*",
    "addresses with commas between, as duty@council.example, ict@council.example",
)

SETTINGS: Mapping[str, Setting] = {
    "DIRECTORY": Setting("directory.yaml"),
    "INSTANCE_PATH": Setting("instance"),
    "BANK_HOLIDAYS_URL": Setting("https://www.gov.uk/bank-holidays.json", _URL),
    "PUBLIC_BASE_URL": Setting(form=_PUBLIC_URL),
    "DATABASE_URL": Setting(is_secret=True),
    "SECRET_KEY": Setting(is_secret=True),
    "OIDC_ISSUER": Setting(),
    "OIDC_CLIENT_ID": Setting(form=_TOKEN),
    "OIDC_CLIENT_SECRET": Setting(form=_TOKEN, is_secret=True),
    "OIDC_ROLES_CLAIM": Setting("roles"),
    "OIDC_ROLES": Setting(),
    "OIDC_SCOPES": Setting("openid profile"),
    "STAFF_HELP": Setting(),
    "EXCHANGE_TOKEN": Setting(form=_TOKEN, is_secret=True),
    "SECURITY_CONTACT": Setting(form=_CONTACT),
    "OPS_TOKEN": Setting(form=_TOKEN, is_secret=True),
    "TWILIO_AUTH_TOKEN": Setting(form=_TOKEN, is_secret=True),
    "TWILIO_AUTH_TOKEN_2": Setting(form=_TOKEN, is_secret=True),
    "CALLER_ID": Setting("caller", Form(r"caller|own", "`caller` or `own`")),
    "REHEARSAL_NUMBER": Setting(form=_REHEARSAL_NUMBER),
    "TELEPHONE": Setting(form=_NONE),
    "ALERTS": Setting(form=_NONE),
    "CALL_RETENTION_DAYS": Setting("90", _DAYS),
    "NOTE_RETENTION_DAYS": Setting("90", _DAYS),
    "ROTA_RETENTION_DAYS": Setting("730", _DAYS),
    "TWILIO_FALLBACK_URL": Setting(form=_URL),
    "TWILIO_ACCOUNT_SID": Setting(),
    "TWILIO_API_KEY": Setting(form=_TOKEN),
    "TWILIO_API_SECRET": Setting(form=_TOKEN, is_secret=True),
    "TWILIO_API_URL": Setting("https://api.twilio.com", _URL),
    "ALERT_SMTP_URL": Setting(form=_SMTP_URL, is_secret=True),
    "ALERT_FROM": Setting(form=Form(_ADDRESS, "one address, as who-to-call@council.example")),
    "ALERT_TO": Setting(form=_ADDRESSES),
    "ALERT_WEBHOOK_URL": Setting(form=_URL, is_secret=True),
    "ALERT_WEBHOOK_FORMAT": Setting(
        "json", Form(r"json|slack|teams", "`json`, `slack` or `teams`")
    ),
    "CLOCK_STARTS_AT": Setting(),
    "CLOCK_STARTED_AT": Setting(),
}
"""By variable. docs/settings.md says what each is for. An empty one counts as not set."""

SECRETS = tuple(name for name, setting in SETTINGS.items() if setting.is_secret)
"""``<NAME>_FILE`` may name a file that holds the value of one of these."""

ALERT_SETTINGS = ("ALERT_SMTP_URL", "ALERT_FROM", "ALERT_TO", "ALERT_WEBHOOK_URL")
"""Whom alerts go to: the first three are needed for email, the last one for the webhook."""

ALERTS_JOB = "alerts"
"""The job that looks for alerts to send. Delivery to each recipient is one too, "alerts to ..."."""

_OWN_PREFIXES = (
    *("ALERT_", "ALERTS", "BANK_HOLIDAY", "CALLER_", "CALL_RETENTION", "CLOCK_", "DIRECTORY_"),
    *("EXCHANGE_", "INSTANCE_PATH", "NOTE_RETENTION", "OIDC_", "OPS_", "PUBLIC_BASE", "REHEARSAL"),
    *("ROTA_", "SECURITY_CONTACT", "STAFF_HELP", "TELEPHONE", "TWILIO_"),
)
"""What no other program's variables begin with: one that is no setting is a slip."""

_ISSUER = rf"{_ASCII}https?://{_HOST}(/(?!.*\.well-known)[^?#@]*)?"
_ROLE_LIST = r"\s*(view|rota|divert|admin)(\s*,\s*(view|rota|divert|admin))*\s*"
_ROLE_MAP = rf"([^;]*[^;=\s]\s*={_ROLE_LIST}(;\s*|$))*"

_TEAMS_DOMAINS = (".logic.azure.com", ".api.powerplatform.com", ".webhook.office.com")

_IN_JULY = datetime(2026, 7, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person or a program that alerts are sent to.

    ``key`` identifies it in the database: a hash. ``name`` may be shown to anybody; ``job`` is the
    delivery to it, as `who-to-call status` lists jobs. ``address`` is for email; None means the
    webhook.
    """

    key: str
    name: str
    job: str
    address: str | None = None


def read(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return every setting, without blanks around it.

    Raise InvalidSetting when the rehearsal clock, the file with DATABASE_URL or the machine's zone
    data is unusable. ``MALFORMED_SETTINGS`` holds a sentence about each other file of a secret that
    is, by the setting's name.

    ``CLOCK`` is a function that returns the current instant in UTC, and ``UNKNOWN_SETTINGS`` holds
    a sentence about each variable that looks like a misspelt setting. Relative paths are those of
    the folder that holds app.py; where the package is installed without it, of the current folder.
    """
    settings: dict[str, Any] = {
        name: environ.get(name, "").strip() or setting.default for name, setting in SETTINGS.items()
    }
    settings["MALFORMED_SETTINGS"] = {}
    for name in SECRETS:
        if path := environ.get(f"{name}_FILE"):
            try:
                settings[name] = _read_secret(name, path, settings[name])
            except InvalidSetting as error:
                if name == "DATABASE_URL":  # another database would have other diverts
                    raise
                settings["MALFORMED_SETTINGS"][name] = str(error)
    for name in ("DIRECTORY", "INSTANCE_PATH"):
        settings[name] = str(_base_folder() / settings[name])
    _check_zones()
    settings["CLOCK"] = _make_clock(settings["CLOCK_STARTS_AT"], settings["CLOCK_STARTED_AT"])
    settings["UNKNOWN_SETTINGS"] = _unknown_settings(environ)
    return settings


def ignore_malformed(settings: MutableMapping[str, Any]) -> None:
    """Replace each setting of the wrong form by its default: a slip there never stops calls.

    Add a sentence about each that says what to write to ``MALFORMED_SETTINGS``, by its name.
    """
    sentences = settings.setdefault("MALFORMED_SETTINGS", {})
    for name, (default, form, is_secret) in SETTINGS.items():
        value = settings.get(name)
        if form and value is not None and not re.fullmatch(form.pattern, str(value), re.ASCII):
            fault = "not of the right form" if is_secret else repr(value)
            sentences[name] = f"{name} is {fault}, and has no effect. Write {form.instruction}."
            settings[name] = default


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
    issuer, role_map, database_url = (
        settings.get(name) or "" for name in ("OIDC_ISSUER", "OIDC_ROLES", "DATABASE_URL")
    )
    names = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
    missing = [name for name in names if not settings.get(name)]
    fault = None
    if database_url and not database_url.startswith("sqlite") and not settings.get("SECRET_KEY"):
        fault = (
            "SECRET_KEY is not set, and DATABASE_URL can serve several machines, which must all "
            "sign cookies with the same key. Set it to the same long random text on each, such as "
            "the output of `openssl rand -hex 32`."
        )
    elif 0 < len(missing) < len(names):
        are = "are" if len(missing) > 1 else "is"
        fault = (
            f"{' and '.join(missing)} {are} not set, and the council's provider needs all three of "
            f"{', '.join(names)}. Set all, or none for accounts of this service."
        )
    elif issuer and not re.fullmatch(_ISSUER, issuer):
        fault = (
            f"OIDC_ISSUER is {issuer!r}. Write the provider's own address, as "
            "https://login.example/tenant, without /.well-known."
        )
    elif issuer and not re.fullmatch(_ROLE_MAP, role_map):
        fault = (
            f"OIDC_ROLES is {role_map!r}. Write each value of the claim with its roles (view, "
            "rota, divert, admin): value=divert,rota; another value=admin."
        )
    return fault and f"Nobody can sign in: {fault}"


def alert_recipients(settings: Mapping[str, Any]) -> tuple[Recipient, ...]:
    """Return whom alerts are sent to: nobody in a rehearsal, or where ALERTS is `none`."""
    addresses: list[str] = []
    if settings["ALERTS"] or settings["CLOCK_STARTS_AT"]:
        return ()
    if settings["ALERT_SMTP_URL"] and settings["ALERT_FROM"] and settings["ALERT_TO"]:
        addresses = [address.strip() for address in settings["ALERT_TO"].split(",")]

    def recipient(name: str, target: str, address: str | None = None) -> Recipient:
        key = hashlib.sha256(target.encode()).hexdigest()[:16]
        return Recipient(key, name, f"{ALERTS_JOB} to {name}", address)

    recipients = [
        recipient(f"address {number} of ALERT_TO", address.casefold(), address)
        for number, address in enumerate(dict.fromkeys(addresses), 1)
    ]
    webhook = settings["ALERT_WEBHOOK_URL"]
    return (*recipients, *([recipient("the webhook", webhook)] if webhook else ()))


def alerts_fault(settings: Mapping[str, Any]) -> str | None:
    """Return which settings alerts still need, as a sentence; None when they are complete.

    None too in a rehearsal, or where ALERTS is `none`.
    """
    *email, webhook = ALERT_SETTINGS
    missing = [name for name in email if not settings[name]]
    if settings["ALERTS"] or settings["CLOCK_STARTS_AT"]:
        return None
    if missing and len(missing) < len(email):
        return f"No alert goes out by email: set {' and '.join(missing)} too."
    if missing and not settings[webhook]:
        return (
            "Nobody is alerted when a call is not answered or a divert ends: set ALERT_SMTP_URL, "
            "ALERT_FROM and ALERT_TO, or ALERT_WEBHOOK_URL, try `who-to-call alerts test`, and run "
            "`who-to-call timers`, which sends them."
        )
    host = urlsplit(settings[webhook] or "").hostname or ""
    if host.endswith(_TEAMS_DOMAINS) and settings["ALERT_WEBHOOK_FORMAT"] != "teams":
        return (
            "Alerts to Microsoft Teams are lost: it accepts them, and shows only Adaptive Cards. "
            "Set ALERT_WEBHOOK_FORMAT to teams."
        )
    return None


def rehearsal_number(settings: Mapping[str, Any]) -> str | None:
    """Return the number that a rehearsal rings in place of any other; None for the real ones."""
    number: str | None = settings.get("REHEARSAL_NUMBER")
    return number if settings.get("CLOCK_STARTS_AT") and number != "directory" else None


def base_url(settings: Mapping[str, Any], request_root: str = "") -> str:
    """Return the URL at which this service is reached, without a slash at its end.

    ``request_root`` is used if PUBLIC_BASE_URL is not set; the result is empty without either.
    """
    return str(settings["PUBLIC_BASE_URL"] or request_root).rstrip("/")


def _check_zones() -> None:
    """Raise InvalidSetting unless London is an hour ahead of UTC in July, as it should be."""
    offset: object
    try:
        offset = _IN_JULY.astimezone(ZoneInfo("Europe/London")).utcoffset()
    except (KeyError, OSError) as error:
        offset = error
    if offset != timedelta(hours=1):
        raise InvalidSetting(
            f"By this machine's data Europe/London is not an hour ahead of UTC in July ({offset}). "
            "Install the tzdata package, and unset PYTHONTZPATH."
        )


def _base_folder() -> Path:
    checkout = Path(__file__).parent.parent
    return checkout if (checkout / "app.py").is_file() else Path.cwd()


def _read_secret(name: str, path: str, value: str | None) -> str:
    if value:
        raise InvalidSetting(f"{name} and {name}_FILE are both set. Unset one of them.")
    try:
        secret = (_base_folder() / path).read_text("utf-8-sig").strip()
        if not secret:
            raise ValueError("it is empty")
        return secret
    except (OSError, ValueError) as error:
        raise InvalidSetting(
            f"{name}_FILE is {path}, which cannot be read ({error}). Write the path of a file that "
            "holds the value alone and that the service's user may read."
        ) from error


def _unknown_settings(environ: Mapping[str, str]) -> tuple[str, ...]:
    proposed = {*SETTINGS, *(f"{name}_FILE" for name in SECRETS), "WEB_CONCURRENCY"}
    sentences = []
    for name in sorted(environ.keys() - proposed):
        similar = difflib.get_close_matches(name.upper(), proposed, n=1, cutoff=0.84)
        if similar or name.startswith(_OWN_PREFIXES):
            remedy = f"Write {similar[0]}" if similar else "See docs/settings.md"
            sentences.append(f"{name} is not a setting of this service: no effect. {remedy}.")
    return tuple(sentences)


def _make_clock(starts_at: str | None, started_at: str | None) -> Callable[[], datetime]:
    if starts_at is None:
        return lambda: datetime.now(UTC)
    try:
        first_reading = time_parsing.parse_rfc3339(starts_at)
        started = float(started_at) if started_at else time.time()
    except ValueError as error:
        raise InvalidSetting(f"CLOCK_STARTS_AT: {error}") from error
    return lambda: first_reading + timedelta(seconds=time.time() - started)
