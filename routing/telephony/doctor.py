"""What would stop calls or send them wrong, before a caller finds it: `who-to-call twilio doctor`.

The settings, the directory and the database are looked at here; the public address, the fallback's
host and Twilio itself are asked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import partial
from typing import Any
from urllib.parse import urldefrag, urlsplit

import phonenumbers
import requests
from flask import current_app
from requests import exceptions
from twilio.request_validator import RequestValidator

from routing import config, lookup
from routing.conditions import Condition, Severity
from routing.config import base_url
from routing.core.directory import Line, Service
from routing.lint import numbers
from routing.telephony import twiml

REQUEST_TIMEOUT_SECONDS = 10.0
"""Twilio itself waits 15 for an answer, unless it is told otherwise."""

MAX_CLOCK_DIFFERENCE_SECONDS = 5.0
"""A call at 17:00:00 is decided by two clocks: this machine's and Twilio's."""

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
_STOPS_CALLS = {"telephone_off", "database_not_made"}
"""Conditions that stop calls or diverts, though they do not make the service degraded."""

_DATABASE = {"database_not_made", "database_behind", "database_down", "database_refuses"}

_NO_ANSWER: Mapping[type[Exception], str] = {
    exceptions.SSLError: "its certificate is not trusted, or there is no TLS.",
    exceptions.Timeout: f"it did not answer within {REQUEST_TIMEOUT_SECONDS:g} seconds.",
    exceptions.ConnectionError: (
        "nothing answers there: the name is not known, or the connection is refused."
    ),
}


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


_ok = partial(Finding, Level.OK)
_warning = partial(Finding, Level.WARNING)
_stops = partial(Finding, Level.STOPS_CALLS)


def examine(conditions: Iterable[Condition], account: bool) -> Iterator[Finding]:
    """Look at everything that calls depend on; with ``account`` ask Twilio too.

    ``conditions`` are those that hold now.
    """
    yield from _this_service(conditions)
    if config.telephony_disabled_reason(current_app.config) is None:
        yield from _public_address()
    yield from _lines()
    yield from _fallback()
    if account:
        yield from _twilio_account()


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


def _this_service(conditions: Iterable[Condition]) -> Iterator[Finding]:
    """Report every condition of this service, those of alerts excepted: they concern no call.

    Whether signatures are refused is asked of the public address instead.
    """
    settings, codes = current_app.config, set()
    for condition in conditions:
        codes.add(condition.code)
        if condition.code == "signatures_refused" or condition.code.startswith("alerts_"):
            continue
        is_degraded = condition.kind.severity is Severity.DEGRADED
        concerns_calls = condition.code not in ("setting_malformed", "sign_in_incomplete")
        stops_calls = (is_degraded and concerns_calls) or condition.code in _STOPS_CALLS
        yield Finding(Level.STOPS_CALLS if stops_calls else Level.WARNING, condition.text)
    if config.telephony_disabled_reason(settings) is None:
        yield _ok("The telephone is on.")
    address = urlsplit(base_url(settings))
    if address.scheme == "http" and address.hostname not in LOOPBACK_HOSTS:
        yield _stops(
            f"PUBLIC_BASE_URL is {settings['PUBLIC_BASE_URL']}: without https anybody on the way "
            "can read who calls whom. Put TLS before the service, and write https://."
        )
    if not codes & _DATABASE:
        yield _ok("The database answers, and is made for this version.")


def _public_address() -> Iterator[Finding]:
    base = base_url(current_app.config)
    tokens = [current_app.config[f"TWILIO_AUTH_TOKEN{suffix}"] for suffix in ("", "_2")]
    address = f"{base}/twilio/check"
    for token in filter(None, tokens):
        answer = _post(address, RequestValidator(token).compute_signature(address, {}))
        yield _reachability(address, answer)
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


def _reachability(address: str, answer: requests.Response | str) -> Finding:
    if isinstance(answer, str):
        return _stops(
            f"{address} cannot be reached from here: {answer} If it cannot be from outside either, "
            "no call is put through."
        )
    status, kind = answer.status_code, answer.headers.get("Content-Type", "")
    if status == 200 and kind.startswith("text/xml"):
        return _ok(f"{address} answers a request signed as Twilio signs.")
    if status == 403:
        return _stops(
            f"{address} refuses a request signed with this token: every call would be refused. "
            "Either the running service has another token (restart it), or a proxy changes the "
            "address: PUBLIC_BASE_URL must be what Twilio is told, path and port included, and the "
            "proxy must take that path away before it asks the service."
        )
    return _stops(
        f"{address} answers {status} {kind}, not 200 text/xml. Look at the proxy there: behind it "
        "the service is down, or has not been restarted since its token was set, or is another."
    )


def _lines() -> Iterator[Finding]:
    snapshot = lookup.snapshot()
    services = snapshot.directory.services
    reachable = {line.id: line for service in services for line in service.reachable}
    findings = [_warning(text) for line in reachable.values() if (text := _cannot_be_rung(line))]
    findings += [
        _stops(f"The service '{path[1]}': {message}")
        for path, code, message, _ in numbers.warnings(snapshot, lookup.now())
        if code == "number_loops"
    ]
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


def _cannot_be_rung(line: Line) -> str | None:
    phone = line.phone
    if phone.is_emergency:
        return None  # it is spoken, and never rung
    if phone.e164.startswith(numbers.DRAMA_PREFIXES):
        return f"The line '{line.id}' is {phone.display}, a number for drama: it rings nobody."
    if sentence := numbers.plan_warning(phone):
        return f"The line '{line.id}' is {sentence}"
    if phonenumbers.parse(phone.e164).country_code != 44:
        return (
            f"The line '{line.id}' is {phone.display}, in another country: Twilio may block calls "
            "to there (its error 32224). Allow the country in Twilio's Geo Permissions."
        )
    return None


def _fallback() -> Iterator[Finding]:
    settings, directory = current_app.config, lookup.snapshot().directory
    template: str | None = settings["TWILIO_FALLBACK_URL"]
    if template is None:
        yield _warning(
            "No TWILIO_FALLBACK_URL is set: while this service is down, callers hear that an "
            "application error has occurred. Host what `who-to-call twilio fallback` prints "
            "elsewhere, give its address to Twilio and here ({service} in it stands for the "
            "service's id)."
        )
        return
    if urlsplit(template).hostname == urlsplit(base_url(settings)).hostname:
        yield _stops(
            f"The fallback is at {template}, on the same host as the service: it is down when the "
            "service is. Host it elsewhere, as in a TwiML Bin."
        )
    day = lookup.now().astimezone(directory.zone).date()
    number = config.rehearsal_number(settings)
    with_number = [service for service in directory.services if service.number]
    for service in with_number or directory.services:  # those that answer the telephone
        address = template.replace("{service}", service.id)
        expected = twiml.fallback(service, directory, day, number)
        yield _compare_fallback(address, service, expected)


def _compare_fallback(address: str, service: Service, expected: str) -> Finding:
    whose = f"The fallback of '{service.id}' at {address}"
    answer = _request("POST", address)
    if not isinstance(answer, str) and answer.status_code in (403, 404, 405):
        answer = _request("GET", address)  # a host of files alone
    if isinstance(answer, str):
        return _stops(f"{whose} cannot be fetched: {answer}")
    kind = answer.headers.get("Content-Type", "")
    if answer.status_code != 200 or "xml" not in kind:
        return _stops(
            f"{whose} is answered {answer.status_code} {kind}: Twilio needs 200 and text/xml."
        )
    if answer.text.split() != expected.split():
        return _stops(
            f"{whose} is out of date: it is not what this directory says now. Replace it by what "
            f"`who-to-call twilio fallback {service.id}` prints."
        )
    return _ok(f"{whose} is what this directory says.")


def _twilio_account() -> Iterator[Finding]:
    """Ask Twilio whether each service's number asks here, and what to change where it does not."""
    settings = current_app.config
    keys = ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_API_SECRET")
    missing = [key for key in keys if not settings[key]]
    if missing:
        yield _stops(f"Twilio cannot be asked: {', '.join(missing)} not set.")
        return
    for service in lookup.snapshot().directory.services:
        if service.number is not None:
            yield from _number_at_twilio(service, service.number.e164)


def _number_at_twilio(service: Service, e164: str) -> Iterator[Finding]:
    try:
        answer = _ask_twilio("IncomingPhoneNumbers", PhoneNumber=e164)
        accounts_numbers = answer.json()["incoming_phone_numbers"]
        for number in accounts_numbers[:1]:
            for kind in ("voice", "sms"):  # a TwiML App, where there is one, counts instead
                if application_sid := number.get(f"{kind}_application_sid"):
                    application = _ask_twilio(f"Applications/{application_sid}").json()
                    number |= {key: application[key] for key in application if key.startswith(kind)}
    except (requests.RequestException, KeyError, ValueError) as error:
        yield _stops(f"Twilio gave no answer about {e164}: {error}.")
        return
    yield from _answer_clock("Twilio", answer)
    if not accounts_numbers:
        yield _stops(f"Twilio's account has no number {e164}, which '{service.id}' answers.")
        return
    changes = [_stops(f"At Twilio, {e164}: {text}") for text in _changes(service, number)]
    yield from changes or [_ok(f"At Twilio, {e164} asks this service, and has its fallback.")]


def _changes(service: Service, number: Mapping[str, Any]) -> Iterator[str]:
    base = base_url(current_app.config)
    fallback_url = (current_app.config["TWILIO_FALLBACK_URL"] or "").replace(
        "{service}", service.id
    )
    sms_url = f"{base}/twilio/sms/{service.id}" if number.get("sms_url") else ""
    expected = (
        ("voice_url", "A call comes in: Webhook", f"{base}/twilio/voice/{service.id}"),
        ("voice_method", "A call comes in: HTTP method", "POST"),
        ("voice_fallback_url", "Primary handler fails", fallback_url),
        ("sms_url", "A message comes in", sms_url),
    )
    if sid := number.get("trunk_sid"):
        yield f"it is answered by a SIP trunk ({sid}), not by a webhook. Remove that."
    for key, label, value in expected:
        current = urldefrag(str(number.get(key) or "")).url
        if value and current != value:
            yield f"{label} is {current or 'not set'}. Set it to {value}"


def _answer_clock(whose: str, answer: requests.Response) -> Iterator[Finding]:
    """Compare clocks by the Date of an answer, which not every server sends."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return
    if theirs.tzinfo is not None:
        yield compare_clocks(whose, theirs, datetime.now(UTC))


def _ask_twilio(resource: str, **parameters: str) -> requests.Response:
    settings = current_app.config
    account = f"{settings['TWILIO_API_URL']}/2010-04-01/Accounts/{settings['TWILIO_ACCOUNT_SID']}"
    answer = requests.get(
        f"{account}/{resource}.json",
        params=parameters,
        auth=(settings["TWILIO_API_KEY"], settings["TWILIO_API_SECRET"]),
        timeout=REQUEST_TIMEOUT_SECONDS,
    )
    answer.raise_for_status()
    return answer


def _post(address: str, signature: str) -> requests.Response | str:
    headers = {"X-Twilio-Signature": signature}
    return _request("POST", address, headers=headers, allow_redirects=False)


def _request(method: str, address: str, **options: Any) -> requests.Response | str:
    try:
        return requests.request(method, address, timeout=REQUEST_TIMEOUT_SECONDS, **options)
    except requests.RequestException as error:
        reasons = (text for kind, text in _NO_ANSWER.items() if isinstance(error, kind))
        return next(reasons, f"{error}.")
