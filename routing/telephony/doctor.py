"""What would stop calls or send them wrong, before a caller finds it: `who-to-call twilio doctor`.

The settings, the directory and the database are looked at here; the public address, the fallback's
host, the database's clock and Twilio itself are asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urldefrag, urlsplit

import phonenumbers
import requests
from flask import current_app
from twilio.request_validator import RequestValidator

from routing import config, health, lookup
from routing.config import base_url
from routing.core.directory import Line, Service
from routing.errors import DatabaseUnavailable
from routing.health import Severity
from routing.lint import numbers
from routing.store import alerts
from routing.telephony import twiml

REQUEST_TIMEOUT_SECONDS = 10.0
"""Twilio itself waits 15 for an answer, unless it is told otherwise."""

MAX_CLOCK_DIFFERENCE_SECONDS = 5.0
"""A call at 17:00:00 is decided by two clocks: this machine's and Twilio's."""

CHECK_PATH = "/twilio/check"
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
_STOPS_CALLS = {"telephone_off", "database_not_made"}
"""Conditions that stop calls or diverts, though they do not make the service degraded."""

_DATABASE = {"database_not_made", "database_behind", "database_down", "database_refuses"}


class Level(StrEnum):
    """Whether something is in order, may send calls wrong, or stops calls or sends them wrong."""

    OK = "ok"
    WARNING = "warning"
    STOPS_CALLS = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one thing, with what to do."""

    level: Level
    text: str


def examine(account: bool = False) -> Iterator[Finding]:
    """Look at everything that calls depend on; with ``account`` ask Twilio too."""
    rehearsal = config.rehearsal_number(current_app.config)
    yield from this_service()
    if config.telephony_disabled_reason(current_app.config) is None:
        yield from public_address()
    yield from lines()
    yield from database_clock()
    yield from fallback(rehearsal)
    if account:
        yield from twilio_account()


def this_service() -> Iterator[Finding]:
    """Report every condition of this service, those of alerts excepted: they concern no call.

    Whether signatures are refused is asked of the public address instead.
    """
    settings, codes = current_app.config, set()
    for condition in health.conditions():
        codes.add(condition.code)
        if condition.code == "signatures_refused" or condition.code.startswith("alerts_"):
            continue
        is_degraded = condition.kind.severity is Severity.DEGRADED
        stops_calls = is_degraded or condition.code in _STOPS_CALLS
        yield Finding(Level.STOPS_CALLS if stops_calls else Level.WARNING, condition.text)
    if config.telephony_disabled_reason(settings) is None:
        yield _ok("The telephone is on.")
    if settings["TWILIO_AUTH_TOKEN"] and settings["TWILIO_AUTH_TOKEN_2"]:
        yield _ok("Two tokens are set: requests signed with either are let in.")
    address = urlsplit(base_url(settings))
    if address.scheme == "http" and address.hostname not in LOOPBACK_HOSTS:
        yield _stops(
            f"PUBLIC_BASE_URL is {settings['PUBLIC_BASE_URL']}: without https anybody on the way "
            "can read who calls whom. Put TLS before the service, and write https://."
        )
    if not codes & _DATABASE:
        yield _ok("The database answers, and is made for this version.")


def lines() -> Iterator[Finding]:
    """Look for lines that cannot be rung, or that lead back here."""
    snapshot, at = lookup.snapshot(), lookup.now()
    services = snapshot.directory.services
    reachable = {line.id: line for service in services for line in service.reachable}
    findings = [_warning(text) for line in reachable.values() for text in _cannot_be_rung(line)]
    for path, code, message, _ in numbers.warnings(snapshot, at):
        if code == "number_loops":
            findings.append(_stops(f"The service '{path[1]}': {message}"))
        elif code not in ("unverified", "verification_expired"):  # conditions have reported those
            findings.append(_warning(message))
    findings += [
        _warning(
            f"The service '{service.id}' has no `number`: where a call does not say which number "
            "was called, lines see none of the council's. Write what callers ring."
        )
        for service in services
        if service.number is None
    ]
    yield from findings or [_ok("Every line can be rung, and leads nowhere back.")]
    yield from map(_ok, numbers.own_number_advice(snapshot.directory))


def database_clock() -> Iterator[Finding]:
    """Compare the clock of a database that has its own with this machine's."""
    database = lookup.database()
    if database.is_sqlite:
        return
    try:
        with database.reading() as connection:
            theirs = alerts.database_time(connection)
            yield compare_clocks("the database", theirs, datetime.now(UTC))
    except DatabaseUnavailable:
        return  # a condition says so


def compare_clocks(whose: str, theirs: datetime, ours: datetime) -> Finding:
    """Compare this machine's clock with another's, read at the same time."""
    difference = abs((ours - theirs).total_seconds())
    if difference <= MAX_CLOCK_DIFFERENCE_SECONDS:
        return _ok(
            f"This machine's clock and that of {whose} agree within "
            f"{MAX_CLOCK_DIFFERENCE_SECONDS:g} seconds."
        )
    return _stops(
        f"This machine's clock and that of {whose} differ by {difference:.0f} seconds: handovers "
        "would come early or late. Keep both with NTP (`timedatectl`)."
    )


def public_address() -> Iterator[Finding]:
    """Ask the public address as Twilio would, signed, and then with a forged signature."""
    base = base_url(current_app.config)
    tokens = [current_app.config[f"TWILIO_AUTH_TOKEN{suffix}"] for suffix in ("", "_2")]
    address = f"{base}{CHECK_PATH}"
    for token in filter(None, tokens):
        answer = _post(address, RequestValidator(token).compute_signature(address, {}))
        yield from _reachability(address, answer)
        if isinstance(answer, str) or answer.status_code != 200:
            return
        yield from _answer_clock(f"the service at {base}", answer)
    forged = _post(address, "forged")
    if isinstance(forged, str):
        yield _warning(f"Whether a forged signature is refused there is not known: {forged}")
    elif forged.status_code == 403:
        yield _ok("A forged signature is refused there.")
    else:
        yield _stops(
            f"A forged signature is answered {forged.status_code} at {address}, not 403: something "
            "before the service answers in its stead."
        )


def fallback(rehearsal: str | None) -> Iterator[Finding]:
    """Compare the fallback that is hosted elsewhere with what this directory would make now."""
    template: str | None = current_app.config["TWILIO_FALLBACK_URL"]
    if template is None:
        yield _warning(
            "No TWILIO_FALLBACK_URL is set: while this service is down, callers hear that an "
            "application error has occurred. Host what `who-to-call twilio fallback` prints "
            "elsewhere, give its address to Twilio and here ({service} in it stands for the "
            "service's id)."
        )
        return
    base = urlsplit(base_url(current_app.config))
    if urlsplit(template).hostname == base.hostname:
        yield _stops(
            f"The fallback is at {template}, on the same host as the service: it is down when the "
            "service is. Host it elsewhere, as in a TwiML Bin."
        )
    directory = lookup.snapshot().directory
    day = lookup.now().astimezone(directory.zone).date()
    for service in _answering(directory.services):
        address = template.replace("{service}", service.id)
        expected = twiml.fallback(service, directory, day, rehearsal)
        yield _compare_fallback(address, service, expected)


def twilio_account() -> Iterator[Finding]:
    """Ask Twilio whether each service's number asks here, and what to change where it does not."""
    settings = current_app.config
    keys = ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_API_SECRET")
    missing = [key for key in keys if not settings[key]]
    if missing:
        yield _stops(f"Twilio cannot be asked: {', '.join(missing)} not set.")
        return
    base = f"{settings['TWILIO_API_URL']}/2010-04-01/Accounts/{settings['TWILIO_ACCOUNT_SID']}"
    for service in lookup.snapshot().directory.services:
        if service.number is None:
            continue
        yield from _number_at_twilio(service, service.number.e164, base)


def _reachability(address: str, answer: requests.Response | str) -> Iterator[Finding]:
    if isinstance(answer, str):
        yield _stops(
            f"{address} cannot be reached from here: {answer} If it cannot be from outside either, "
            "no call is put through."
        )
    elif answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith(
        "text/xml"
    ):
        yield _ok(f"{address} answers a request signed as Twilio signs.")
    elif answer.status_code == 403:
        yield _stops(
            f"{address} refuses a request signed with this token: every call would be refused. "
            "Either the running service has another token (restart it), or a proxy changes the "
            "address: PUBLIC_BASE_URL must be what Twilio is told, path and port included, and the "
            "proxy must take that path away before it asks the service."
        )
    elif answer.status_code in (502, 503, 504):
        yield _stops(
            f"{address} answers {answer.status_code}: behind what answers there the service is "
            "down, or has not been restarted since its token was set."
        )
    else:
        yield _stops(
            f"{address} answers {answer.status_code} {answer.headers.get('Content-Type', '')}, not "
            "200 text/xml: it is not this service that answers there. Look at the proxy before it."
        )


def _compare_fallback(address: str, service: Service, expected: str) -> Finding:
    try:
        answer = requests.post(address, timeout=REQUEST_TIMEOUT_SECONDS)
        if answer.status_code in (403, 404, 405):  # a host of files alone
            answer = requests.get(address, timeout=REQUEST_TIMEOUT_SECONDS)
    except requests.RequestException as error:
        return _stops(f"The fallback of '{service.id}' at {address} cannot be fetched: {error}.")
    kind = answer.headers.get("Content-Type", "")
    if answer.status_code != 200 or "xml" not in kind:
        return _stops(
            f"The fallback of '{service.id}' at {address} is answered {answer.status_code} {kind}: "
            "Twilio needs 200 and text/xml."
        )
    if answer.text.split() != expected.split():
        return _stops(
            f"The fallback of '{service.id}' at {address} is out of date: it is not what this "
            f"directory says now. Replace it by what "
            f"`who-to-call twilio fallback {service.id}` prints."
        )
    return _ok(f"The fallback of '{service.id}' at {address} is what this directory says.")


def _number_at_twilio(service: Service, e164: str, base: str) -> Iterator[Finding]:
    try:
        answer = _ask_twilio(f"{base}/IncomingPhoneNumbers.json", PhoneNumber=e164)
        numbers = answer.json()["incoming_phone_numbers"]
        for number in numbers[:1]:
            for kind in ("voice", "sms"):  # a TwiML App, where there is one, counts instead
                if application_sid := number.get(f"{kind}_application_sid"):
                    application = _ask_twilio(f"{base}/Applications/{application_sid}.json").json()
                    number |= {key: application[key] for key in application if key.startswith(kind)}
    except (requests.RequestException, KeyError, ValueError) as error:
        yield _stops(f"Twilio gave no answer about {e164}: {error}.")
        return
    yield from _answer_clock("Twilio", answer)
    if not numbers:
        yield _stops(f"Twilio's account has no number {e164}, which '{service.id}' answers.")
        return
    changes = list(_changes(service, numbers[0]))
    for change in changes:
        yield _stops(f"At Twilio, {e164}: {change}")
    if not changes:
        yield _ok(f"At Twilio, {e164} asks this service, and has its fallback.")


def _ask_twilio(address: str, **parameters: str) -> requests.Response:
    """Return Twilio's answer. Raise RequestException."""
    settings = current_app.config
    answer = requests.get(
        address,
        params=parameters,
        auth=(settings["TWILIO_API_KEY"], settings["TWILIO_API_SECRET"]),
        timeout=REQUEST_TIMEOUT_SECONDS,
    )
    answer.raise_for_status()
    return answer


def _changes(service: Service, number: Mapping[str, Any]) -> Iterator[str]:
    """Yield what to change at Twilio so that a number asks this service."""
    settings = current_app.config
    base = base_url(settings)
    if number.get("trunk_sid"):
        sid = number["trunk_sid"]
        yield f"it is answered by a SIP trunk ({sid}), not by a webhook. Remove that."
    expected = {
        "voice_url": f"{base}/twilio/voice/{service.id}",
        "voice_method": "POST",
        "voice_fallback_url": (settings["TWILIO_FALLBACK_URL"] or "").replace(
            "{service}", service.id
        ),
    }
    labels = {
        "voice_url": "A call comes in: Webhook",
        "voice_method": "A call comes in: HTTP method",
        "voice_fallback_url": "Primary handler fails",
    }
    for key, value in expected.items():
        current = urldefrag(str(number.get(key) or "")).url
        if value and current != value:
            yield f"{labels[key]} is {current or 'not set'}. Set it to {value}"
    sms_url, expected_sms_url = number.get("sms_url"), f"{base}/twilio/sms/{service.id}"
    if sms_url and urldefrag(sms_url).url != expected_sms_url:
        yield f"A message comes in is {sms_url}. Set it to {expected_sms_url}"


def _answer_clock(whose: str, answer: requests.Response) -> Iterator[Finding]:
    """Compare clocks by the Date of an answer, which not every server sends."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return
    if theirs.tzinfo is not None:
        yield compare_clocks(whose, theirs, datetime.now(UTC))


def _answering(services: tuple[Service, ...]) -> list[Service]:
    """Return the services that answer the telephone: those with a number, or else all."""
    return [service for service in services if service.number] or list(services)


def _post(address: str, signature: str) -> requests.Response | str:
    """Post an empty body to an address; return the answer, or why there is none."""
    try:
        return requests.post(
            address,
            headers={"X-Twilio-Signature": signature},
            timeout=REQUEST_TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except requests.exceptions.SSLError:
        return "its certificate is not trusted, or there is no TLS."
    except requests.exceptions.Timeout:
        return f"it did not answer within {REQUEST_TIMEOUT_SECONDS:g} seconds."
    except requests.exceptions.ConnectionError:
        return "nothing answers there: the name is not known, or the connection is refused."
    except requests.RequestException as error:
        return f"{error}."


def _cannot_be_rung(line: Line) -> Iterator[str]:
    if line.phone.is_emergency:
        return  # it is spoken, and never rung
    if line.phone.e164.startswith(numbers.DRAMA_PREFIXES):
        yield f"The line '{line.id}' is {line.phone.display}, a number for drama: it rings nobody."
        return
    if sentence := numbers.plan_warning(line.phone):
        yield f"The line '{line.id}' is {sentence}"
    elif phonenumbers.parse(line.phone.e164).country_code != 44:
        yield (
            f"The line '{line.id}' is {line.phone.display}, in another country: Twilio may block "
            "calls to there (its error 32224). Allow the country in Twilio's Geo Permissions."
        )


def _ok(text: str) -> Finding:
    return Finding(Level.OK, text)


def _warning(text: str) -> Finding:
    return Finding(Level.WARNING, text)


def _stops(text: str) -> Finding:
    return Finding(Level.STOPS_CALLS, text)
