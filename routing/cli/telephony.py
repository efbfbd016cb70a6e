"""who-to-call twilio and who-to-call calls: the doctor, the fallback, and the call log.

The doctor looks at the settings, the directory and the database here; it asks the public address,
the fallback's host and Twilio itself.
"""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urlsplit

import click
import requests
from flask import current_app
from requests import exceptions
from twilio.request_validator import RequestValidator

from routing import config, health, lint, lookup
from routing.cli.common import (
    DIVERT_TIMEOUT_SECONDS,
    FILE_PATH,
    CommandGroup,
    count_of,
    days_option,
    format_option,
    print_or_write,
    print_report,
)
from routing.cli.maintenance import run_purge
from routing.conditions import Severity
from routing.config import base_url
from routing.store import calls
from routing.store.retention import CALL_RULE
from routing.telephony import twiml
from routing.text.staff_text import CALL_OUTCOMES

twilio_group = CommandGroup("twilio", help="Check the telephone, and print its fallback.")
calls_group = CommandGroup("calls", help="The call log, which never holds a caller's number.")

_CLOCK_TOLERANCE = timedelta(days=1)
"""In a rehearsal every process has its own clock, and the one that answers calls may be ahead."""

REQUEST_TIMEOUT_SECONDS = 10.0
"""Twilio itself waits 15 for an answer, unless it is told otherwise."""

MAX_CLOCK_DIFFERENCE_SECONDS = 5.0
"""A call at 17:00:00 is decided by two clocks: this machine's and Twilio's."""

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")

_STOPS_CALLS = {"telephone_off", "database_not_made"}
"""Conditions that stop calls or diverts, though they do not make the service degraded."""

_STOPS_NO_CALLS = {"setting_malformed", "sign_in_incomplete"}
"""Conditions that make the service degraded, and stop no call."""


_LABELS = {"ok": "ok     ", "warning": "look   ", "error": "STOPS  "}
"""By level: something is in order, may send calls wrong, or stops calls or sends them wrong."""


class Finding(NamedTuple):
    """The state of one thing, with what to do. ``level`` is one of _LABELS."""

    level: str
    text: str


_ok, _warning, _stops = (partial(Finding, level) for level in _LABELS)


@twilio_group.command("doctor")
@click.option("--account", is_flag=True, help="Also check how the numbers are set up at Twilio.")
@format_option
def doctor(account: bool, as_json: bool) -> None:
    """Check for anything that would stop calls or send them to the wrong place.

    Each line says what to do: STOPS marks a problem, look a warning. Exit status 1 if there is a
    problem.
    """
    lookup.snapshot()
    lookup.read_diverts(max_age=0, timeout=DIVERT_TIMEOUT_SECONDS)
    checks = [_this_service, _public_address, _lines, _fallback]
    checks += [_twilio_account] if account else []
    findings = []
    for finding in chain.from_iterable(check() for check in checks):
        findings.append(finding)
        if not as_json:
            click.echo(f"{_LABELS[finding.level]}{finding.text}")
    problems = sum(finding.level == "error" for finding in findings)
    print_report(
        as_json,
        [finding._asdict() for finding in findings],
        [f"{problems} of {len(findings)} would stop calls or send them to the wrong place."],
    )
    sys.exit(1 if problems else 0)


@twilio_group.command("fallback")
@click.argument("service", required=False)
@click.option("--output", type=FILE_PATH, help="Write to this file in one step.")
def fallback(service: str | None, output: Path | None) -> None:
    """Print TwiML that answers calls to SERVICE while this service is down.

    Without SERVICE, print that of the first service in the directory. The TwiML is safe at any
    hour. Host it somewhere else, and update it every night: special days can change numbers.
    """
    snapshot = lookup.snapshot()
    chosen = snapshot.timetables.service(service or lookup.first_service_id())
    day = lookup.now().astimezone(snapshot.directory.zone).date()
    rehearsal_number = config.rehearsal_number(current_app.config)
    document = twiml.fallback(chosen, snapshot.directory, day, rehearsal_number)
    print_or_write(document, output)
    if output is not None:
        click.echo(f"{output} is written: the fallback for calls to '{chosen.id}'.")


@calls_group.command("summary")
@days_option(30, "Days to count.")
@format_option
def summary(days: int, as_json: bool) -> None:
    """Count calls by service, first line and outcome."""
    at = lookup.now()
    with lookup.database().reading() as connection:
        counts = calls.counts(connection, at - timedelta(days=days), at + _CLOCK_TOLERANCE, at)
    order = list(CALL_OUTCOMES)
    rows = sorted(counts.items(), key=lambda row: (*row[0][:2], order.index(row[0][2])))
    unanswered = sum(count for (_, _, outcome), count in rows if outcome in calls.MISSED)
    print_report(
        as_json,
        [
            {"service": service, "line": line, "outcome": outcome, "calls": count}
            for (service, line, outcome), count in rows
        ],
        [
            *(
                f"{count:>6}  {service}, first to {line}: {CALL_OUTCOMES[outcome].lower()}"
                for (service, line, outcome), count in rows
            ),
            f"{sum(counts.values()):>6}  calls in the last {count_of(days, 'day')}; nobody "
            f"answered {unanswered} of them.",
        ],
    )


@calls_group.command("purge")
def purge() -> None:
    """Delete calls older than CALL_RETENTION_DAYS. `who-to-call purge` does this too."""
    run_purge(CALL_RULE)


def compare_clocks(whose: str, theirs: datetime, ours: datetime) -> Finding:
    """Compare this machine's clock with another's, read at the same time."""
    difference = abs((ours - theirs).total_seconds())
    if difference <= MAX_CLOCK_DIFFERENCE_SECONDS:
        return _ok(f"This machine's clock and that of {whose} agree.")
    return _stops(
        f"This machine's clock and that of {whose} differ by {difference:.0f} seconds: handovers "
        "would come early or late. Keep both with NTP (`timedatectl`)."
    )


def _this_service() -> Iterator[Finding]:
    """Report every condition of this service, those of alerts excepted: they concern no call.

    Whether signatures are refused is asked of the public address instead.
    """
    settings, conditions = current_app.config, health.conditions()
    for condition in conditions:
        if condition.code == "signatures_refused" or condition.code.startswith("alerts_"):
            continue
        is_degraded = condition.kind.severity is Severity.DEGRADED
        stops_calls = condition.code in _STOPS_CALLS
        if stops_calls or (is_degraded and condition.code not in _STOPS_NO_CALLS):
            yield _stops(condition.text)
        else:
            yield _warning(condition.text)
    if config.telephony_disabled_reason(settings) is None:
        yield _ok("The telephone is on.")
    address = urlsplit(base_url(settings))
    if address.scheme == "http" and address.hostname not in LOOPBACK_HOSTS:
        yield _stops(
            f"PUBLIC_BASE_URL is {settings['PUBLIC_BASE_URL']}: without https anybody on the way "
            "can read who calls whom. Put TLS before the service, and write https://."
        )
    if not any(condition.code.startswith("database_") for condition in conditions):
        yield _ok("The database answers, and is made for this version.")


def _public_address() -> Iterator[Finding]:
    if config.telephony_disabled_reason(current_app.config) is not None:
        return
    base = base_url(current_app.config)
    tokens = [current_app.config[f"TWILIO_AUTH_TOKEN{suffix}"] for suffix in ("", "_2")]
    address = f"{base}/twilio/check"
    try:
        for token in filter(None, tokens):
            answer = _post(address, RequestValidator(token).compute_signature(address, {}))
            status, kind = answer.status_code, answer.headers.get("Content-Type", "")
            if status == 403:
                yield _stops(
                    f"{address} refuses a request signed with this token: every call would be "
                    "refused. Either the running service has another token (restart it), or a "
                    "proxy changes the address: PUBLIC_BASE_URL must be what Twilio is told, path "
                    "and port included, and the proxy must take that path away before it asks the "
                    "service."
                )
                return
            if status != 200 or not kind.startswith("text/xml"):
                yield _stops(
                    f"{address} answers {status} {kind}, not 200 text/xml. Look at the proxy "
                    "there: behind it the service is down, or has not been restarted since its "
                    "token was set, or is another."
                )
                return
            yield _ok(f"{address} answers a request signed as Twilio signs.")
            yield from _answer_clock(f"the service at {base}", answer)
        forged = _post(address, "forged").status_code
    except requests.RequestException as error:
        yield _stops(
            f"{address} cannot be reached from here: {_no_answer(error)}. If it cannot be from "
            "outside either, no call is put through."
        )
        return
    if forged == 403:
        yield _ok("A forged signature is refused there.")
    else:
        yield _stops(
            f"A forged signature is answered {forged} at {address}, not 403: something before the "
            "service answers instead."
        )


def _lines() -> Iterator[Finding]:
    """Report the numbers that stop calls. `who-to-call directory check` knows the others."""
    snapshot, findings = lookup.snapshot(), []
    for service in snapshot.directory.services:
        if service.number is None:
            findings.append(
                _warning(
                    f"The service '{service.id}' has no `number`: where a call does not say which "
                    "number was called, lines see none of the council's. Write what callers ring."
                )
            )
    for line in snapshot.directory.lines:
        if line.phone.e164.startswith(lint.DRAMA_PREFIXES):
            number = f"{line.phone.display}, a number for drama"
            findings.append(_warning(f"The line '{line.id}' is {number}: it rings nobody."))
    for path, _, message, _ in lint.find_loops(snapshot.directory):
        findings.append(_stops(f"The service '{path[1]}': {message}"))
    yield from findings or [_ok("Every line can be rung, and leads nowhere back.")]
    yield from map(_ok, lint.own_number_advice(snapshot.directory))


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
        fault = _fallback_fault(address, twiml.fallback(service, directory, day, number))
        name = f"The fallback of '{service.id}' at {address}"
        if fault is None:
            yield _ok(f"{name} is what this directory says.")
        else:
            command = f"`who-to-call twilio fallback {service.id}`"
            yield _stops(f"{name} {fault}. Twilio needs 200, text/xml and what {command} prints.")


def _fallback_fault(address: str, expected: str) -> str | None:
    try:
        answer = requests.post(address, timeout=REQUEST_TIMEOUT_SECONDS)
        if answer.status_code in (403, 404, 405):  # a host of files alone
            answer = requests.get(address, timeout=REQUEST_TIMEOUT_SECONDS)
    except requests.RequestException as error:
        return f"cannot be fetched: {_no_answer(error)}"
    kind = answer.headers.get("Content-Type", "")
    if answer.status_code != 200 or "xml" not in kind:
        return f"is answered {answer.status_code} {kind}"
    return None if answer.text.split() == expected.split() else "is out of date"


def _twilio_account() -> Iterator[Finding]:
    """Ask Twilio whether each service's number asks here, and what to change where it does not."""
    keys = ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_API_SECRET")
    missing = [key for key in keys if not current_app.config[key]]
    if missing:
        yield _stops(f"Twilio cannot be asked: {', '.join(missing)} not set.")
        return
    for service in lookup.snapshot().directory.services:
        if service.number is not None:
            yield from _number_at_twilio(service.id, service.number.e164)


def _number_at_twilio(service_id: str, e164: str) -> Iterator[Finding]:
    try:
        answer = _ask_twilio("IncomingPhoneNumbers", PhoneNumber=e164)
        number: dict[str, Any] = next(iter(answer.json()["incoming_phone_numbers"]), {})
        for kind in ("voice", "sms"):  # a TwiML App, where there is one, counts instead
            if application_sid := number.get(f"{kind}_application_sid"):
                application = _ask_twilio(f"Applications/{application_sid}").json()
                number |= {key: application[key] for key in application if key.startswith(kind)}
    except (requests.RequestException, KeyError, ValueError) as error:
        yield _stops(f"Twilio gave no answer about {e164}: {_no_answer(error)}.")
        return
    yield from _answer_clock("Twilio", answer)
    if not number:
        yield _stops(f"Twilio's account has no number {e164}, which '{service_id}' answers.")
        return
    changes = [_stops(f"At Twilio, {e164}: {text}") for text in _changes(service_id, number)]
    yield from changes or [_ok(f"At Twilio, {e164} asks this service, and has its fallback.")]


def _changes(service_id: str, number: Mapping[str, Any]) -> Iterator[str]:
    base = base_url(current_app.config)
    fallback_url = current_app.config["TWILIO_FALLBACK_URL"] or ""
    expected = (
        ("voice_url", "A call comes in: Webhook", f"{base}/twilio/voice/{{service}}"),
        ("voice_method", "A call comes in: HTTP method", "POST"),
        ("voice_fallback_url", "Primary handler fails", fallback_url),
        ("sms_url", "A message comes in", f"{base}/twilio/sms/{{service}}"),
    )
    if sid := number.get("trunk_sid"):
        yield f"it is answered by a SIP trunk ({sid}), not by a webhook. Remove that."
    for key, label, template in expected:
        value = template.replace("{service}", service_id)
        current = urldefrag(str(number.get(key) or "")).url
        is_optional = key == "sms_url" and not current
        if value and current != value and not is_optional:
            yield f"{label} is {current or 'not set'}. Set it to {value}"


def _answer_clock(whose: str, answer: requests.Response) -> Iterator[Finding]:
    """Compare clocks by the Date of an answer, which not every server sends."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return
    if theirs.tzinfo is not None:
        yield compare_clocks(whose, theirs, datetime.now(UTC))


def _no_answer(error: Exception) -> str:
    """Return why a request had no answer: in words, of the usual reasons."""
    if isinstance(error, exceptions.SSLError):
        return "its certificate is not trusted, or there is no TLS"
    if isinstance(error, exceptions.Timeout):
        return f"it did not answer within {REQUEST_TIMEOUT_SECONDS:g} seconds"
    is_refused = isinstance(error, exceptions.ConnectionError)
    return "its name is not known, or it refuses the connection" if is_refused else str(error)


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


def _post(address: str, signature: str) -> requests.Response:
    return requests.post(
        address,
        headers={"X-Twilio-Signature": signature},
        timeout=REQUEST_TIMEOUT_SECONDS,
        allow_redirects=False,
    )
