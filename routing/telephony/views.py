"""Twilio's webhooks: ring the line that answers now, and continue by what really happened.

Only a request that Twilio did not sign is refused. Every other fault, here or in what the
application does around every request, is answered with TwiML that connects the caller. The
caller's number is read here, used at once, and neither stored nor logged.
"""

import hmac
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode

from flask import Blueprint, Flask, Response, current_app, g, request
from pydantic import AnyUrl
from sqlalchemy.engine import Connection
from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)
from werkzeug.datastructures import ImmutableMultiDict

from routing import files, lookup
from routing.config import base_url, rehearsal_number, telephony_disabled_reason
from routing.core.decision import Decision, Outcome, is_excluded
from routing.core.directory import Directory, Line, Service
from routing.responses import problem
from routing.snapshot import Snapshot
from routing.store import calls
from routing.store.calls import Call, CallLog, Leg
from routing.telephony import call_flow, sms, twiml
from routing.telephony.call_flow import CallState, Dial, End, Step

T = TypeVar("T")

log = logging.getLogger(__name__)

METHODS = ["GET", "POST"]
"""Twilio posts; a number set up with GET by mistake must not cost a caller the answer."""

MAX_BODY_BYTES = 32_768
"""Twilio's own requests have a few thousand bytes, with the longest text message 15,000."""

MAX_PARAMETERS = 100
"""Twilio's own requests have some thirty parameters."""

ENDED_STATUSES = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""Values of CallStatus of a call that has ended."""

OUR_PARAMETERS = frozenset(CallState(0).to_query())
"""What this service writes into callback URLs."""

TWILIO_PARAMETERS = frozenset(
    """
    AccountSid ApiVersion CallSid CallStatus CallToken CallerName Direction DisplayName
    ForwardedFrom CalledVia From To ParentCallSid TrunkSid
    Caller CallerCity CallerState CallerZip CallerCountry
    Called CalledCity CalledState CalledZip CalledCountry
    FromCity FromState FromZip FromCountry ToCity ToState ToZip ToCountry
    DialCallStatus DialCallSid DialCallDuration DialBridged Digits FinishedOnKey msg AnsweredBy
    RecordingUrl RecordingSid RecordingDuration
    SipResponseCode QueueTime
    ErrorCode ErrorUrl AddOns
    SipDomain SipDomainSid SipUsername SipCallId SipSourceIp
    StirVerstat StirPassportToken StirStatus
    """.split()  # noqa: SIM905 - sixty quoted names are harder to read
)
"""The parameters of voice webhooks, and of the callbacks of Dial, Number and Gather:
https://www.twilio.com/docs/voice/twiml#twilios-request-to-your-application and the page of each
verb."""

MIN_EXCLUDED_DIGITS = 9
"""Of a number that is not to be rung: a shorter one cannot be told from another."""

ACCEPT_KEY = "1"
WHISPERS = ("screen", "accept")
"""Steps that whoever was rung hears, not the caller: they must never ring anybody else."""

MAX_MARK_AGE_SECONDS = 24 * 3600
"""How long it is kept that a line was accepted: longer than any call."""

_ADVICE = (
    "If a child is in immediate danger, hang up and dial 9 9 9. Otherwise please call again in a "
    "minute."
)
APOLOGY = (
    '<?xml version="1.0" encoding="UTF-8"?><Response>'
    f'<Say language="en-GB">Sorry, we cannot put your call through. {_ADVICE}</Say>'
    f'<Pause length="1"/><Say language="en-GB">{_ADVICE}</Say></Response>'
)
"""For when no directory was ever read: the service does not start without one, but the file may be
gone before the first call."""

_CALL_SID = re.compile(r"CA[0-9a-f]{32}")
_SIP_HEADER = "SipHeader_"
_FORWARDING_PARAMETER = re.compile(
    rf"ForwardedFrom|CalledVia|{_SIP_HEADER}.*(?:Diversion|History-Info).*", re.IGNORECASE
)
_NOT_IN_A_NUMBER = re.compile(r"[A-Za-z@<>,;:=/|&\"]")
"""What ends a number in a SIP header, such as ``"MASH" <sip:01632960001@10.0.0.1>;reason=busy``."""

bp = Blueprint("telephony", __name__, url_prefix="/twilio")


def init_app(app: Flask) -> None:
    """Register the webhooks on ``app``.

    The application's own error handlers must call ``connect_anyway`` for a path that
    ``is_below_twilio``: no blueprint sees a fault in opening the session.
    """
    app.extensions["fallbacks"] = {}  # by service: its directory's hash with a date, and the TwiML
    app.extensions["text_limits"] = sms.TextLimits(app.extensions["call_log"])
    app.register_blueprint(bp)


def warm_up() -> None:
    """Prepare what no caller should wait for: the fallbacks, and the call log's connection."""
    make_fallbacks()
    call_log().write(lambda connection: None, timeout=1.0)


def call_log() -> CallLog:
    """Return the call log."""
    log: CallLog = current_app.extensions["call_log"]
    return log


@bp.before_request
def require_signature() -> Response | None:
    """Refuse a request that Twilio did not sign, and any while telephony is not set up."""
    disabled = telephony_disabled_reason(current_app.config)
    if disabled is not None:
        return problem(503, disabled)
    if is_signed():
        return None
    if request.path.rstrip("/") != "/twilio/check":  # the doctor forges one on purpose
        call_log().count(calls.SIGNATURE_REFUSED)
    log.info("refused: no right signature for %r", request.path)  # the count is a warning
    return problem(
        403, "The signature is not right for this address. See `who-to-call twilio doctor`."
    )


@bp.route("/check", methods=METHODS)
def check() -> Response:
    """Answer a signed request, for `who-to-call twilio doctor`."""
    return _xml(twiml.do_nothing())


@bp.route("/voice/<service>", methods=METHODS)
@bp.route("/voice/<service>/<step>", methods=METHODS)
@bp.route("/sms/<service>", methods=METHODS)
def answer(**_names: str) -> Response:
    """Answer a text message; begin a call; or continue it, where the address has a known step."""
    g.answering = True
    is_text, names, step = _target()
    service_id = _service_id(names)
    if is_text:
        own_numbers = _own_numbers(lookup.snapshot().directory)
        g.twiml = sms.answer(service_id, request.values, own_numbers)
    else:
        make_fallbacks((lookup.first_service_id(), service_id))
        g.twiml = _STEPS.get(step, _begin)(_read_call(service_id, step))
    return _xml(g.twiml)


def is_below_twilio(path: str) -> bool:
    """Return whether a path is for Twilio, however it was mistyped there."""
    return _segments(path)[:1] == ["twilio"]


@bp.errorhandler(Exception)
def connect_anyway(error: Exception) -> Response:
    """Answer a request below /twilio whatever went wrong: the handler of last resort.

    The application's handlers call it for what no blueprint sees: an address that no route matches,
    and a fault in opening the session. It checks the signature itself, so that no fault answers an
    unsigned request. A fault outside the answer does not change it; one in it gets the fallback.
    """
    refusal = require_signature()
    if refusal is not None:
        return refusal
    if error is not request.routing_exception:  # that is a mistyped address
        _log_fault("the caller is connected", getattr(error, "original_exception", None) or error)
    if "twiml" in g:  # a fault after the answer was made
        return _xml(g.twiml)
    if "answering" not in g:  # a fault before
        try:
            return answer()
        except Exception as fault:
            _log_fault("the fallback answers", fault)
    is_text, names, step = _target()
    if is_text:
        return _xml(sms.FAULT_ANSWER)
    return _xml(twiml.hang_up() if step in WHISPERS else _fallback(names))


def make_fallbacks(service_ids: Iterable[str] | None = None) -> None:
    """Make the fallbacks of some services again if the directory or the day has changed.

    None means all services: a thousand would keep a caller waiting. It never raises: a fault is
    logged, and what was made before stays.
    """
    fallbacks: dict[str, tuple[object, str]] = current_app.extensions["fallbacks"]
    try:
        snapshot, number = lookup.snapshot(), rehearsal_number(current_app.config)
        services, directory = snapshot.timetables.services, snapshot.directory
        day = lookup.now().astimezone(directory.zone).date()
        basis = snapshot.sha256, day
        for service_id in services if service_ids is None else service_ids:
            if service_id in services and fallbacks.get(service_id, ("",))[0] != basis:
                document = twiml.fallback(services[service_id], directory, day, number)
                fallbacks[service_id] = basis, document
    except Exception:
        log.exception("the fallback cannot be made again: the one made before answers")


def _fallback(names: Iterable[str]) -> str:
    """Return the fallback of the service named, or else of the directory's first. Never raise."""
    fallbacks: dict[str, tuple[object, str]] = current_app.extensions["fallbacks"]
    named = (fallbacks[name] for name in names if name in fallbacks)
    return next(named, next(iter(fallbacks.values()), ("", APOLOGY)))[1]


def _log_fault(consequence: str, fault: BaseException) -> None:
    log.error("fault while answering Twilio: %s", consequence, exc_info=fault)
    call_log().count(calls.FAULTS)


# Whether Twilio sent it: https://www.twilio.com/docs/usage/security


def is_signed() -> bool:
    """Return whether Twilio signed the current request, with either of two tokens.

    The URL is PUBLIC_BASE_URL and the raw request target: nothing that a proxy says of host, scheme
    or prefix counts. A request that cannot be read, or whose signature cannot be checked, is not
    signed. To refuse a stranger's takes 1 ms at most: nothing limits how many run at a time.
    """
    settings, names = current_app.config, ("TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_2")
    if SIGNATURE_HEADER not in request.headers:
        return False
    try:
        request.max_content_length = MAX_BODY_BYTES
        # Joined once here, not again for each spelling of the address that the validator tries.
        joined = {"": "".join(chain.from_iterable(sorted(_read_form())))}
        target = request.environ.get("RAW_URI") or request.environ["REQUEST_URI"]
        url = f"{base_url(settings)}{target}"
        tokens = (settings[name] for name in names if settings[name])
        return any(_is_signed_with(token, url, joined) for token in tokens)
    except Exception as error:  # whatever a server raises for a body that is cut short
        log.info("the signature of a request cannot be checked: %s", type(error).__name__)
        return False


def _is_signed_with(token: str, url: str, parameters: Mapping[str, str]) -> bool:
    validator, signature = RequestValidator(token), request.headers.get(SIGNATURE_HEADER, "")
    algorithm = get_signature_algorithm(request.headers.get(SIGNATURE_SETTINGS_HEADER))
    if validator.validate(url, parameters, signature, algorithm):
        return True
    path = url.rstrip("?")
    if "?" in path:
        return False
    # A bare "?" is signed too, but proxies drop it, and so does the validator.
    expected = validator.compute_signature(f"{path}?", parameters, algorithm)
    return hmac.compare_digest(expected.encode(), signature.encode())


def _read_form() -> set[tuple[str, str]]:
    """Return the names and values of the form. Raise ValueError for one that Twilio never sends.

    That is one of several parts, in another encoding than UTF-8, or with more than MAX_PARAMETERS.
    ``request.form`` becomes what is read here: pydantic's parser of addresses needs 0.2 ms for a
    form of escapes alone, Werkzeug 2.4 ms, and nothing may be read in two ways.
    """
    if request.mimetype == "multipart/form-data":
        raise ValueError("a form of several parts")
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    text = request.get_data().decode() if is_form else ""
    if text.count("&") >= MAX_PARAMETERS:
        raise ValueError("more parameters than Twilio sends")
    if text:  # else there is no form, or a hook of the application has read it already
        request.form = ImmutableMultiDict(AnyUrl(f"form:?{text}").query_params())
    return set(request.form.items(multi=True))


def unrecognised_reason() -> str | None:
    """Return what is unlike Twilio in the current voice request, in words; None if nothing.

    Twilio's signature joins the address, names and values without separators, so a signed request
    could be cut again into other parameters. The words hold no value, and no name but of letters.
    """
    parameters, query = request.values, request.args
    unknown = [
        name if re.fullmatch("[A-Za-z]{1,40}", name) else "..."
        for name in sorted(parameters)
        if name not in TWILIO_PARAMETERS | OUR_PARAMETERS and not name.startswith(_SIP_HEADER)
    ]
    is_our_query = query.keys() <= OUR_PARAMETERS and CallState.from_query(query) is not None
    if not _CALL_SID.fullmatch(parameters.get("CallSid", "")):
        return "CallSid is missing, or not of Twilio's form"
    if not parameters.get("From") or not parameters.get("To"):
        return "From or To is missing"
    if any(len(values) > 1 for _, values in parameters.lists()):
        return "a parameter is repeated"
    if any("CallSid" in text for text in (request.path, *parameters.values())):
        return "CallSid is within the address or another value"
    if unknown:
        return f"unknown parameters: {', '.join(unknown[:5])}"
    if request.method == "POST" and query and not is_our_query:
        return "the query is not one that this service writes"
    return None


# What it says


@dataclass(frozen=True, slots=True)
class CallRequest:
    """The call of the current request, and what it is answered by.

    Only a request that ``is_recognised`` as Twilio's own is logged. ``state`` is that of a call
    that begins where the address has none. ``excluded_numbers`` would bring the call back: the
    number that was called, in any form, every service's, and those of lines that forwarded it here.
    """

    is_recognised: bool
    service: Service
    snapshot: Snapshot
    at: datetime
    state: CallState
    excluded_numbers: frozenset[str]


def _read_call(service_id: str, step: str) -> CallRequest:
    reason = unrecognised_reason()
    if reason is not None:
        log.warning("a signed request unlike Twilio's is answered, and not logged: %s", reason)
        call_log().count(calls.UNRECOGNISED)
    values, snapshot, at = request.values, lookup.snapshot(), lookup.now()
    lookup.read_diverts(max_age=0)
    directory, state = snapshot.directory, CallState.from_query(request.args)
    if state is None or not state.tried or step not in _STEPS:
        sid = values.get("CallSid", "")
        key = calls.call_key(sid) if _CALL_SID.fullmatch(sid) else ""
        state = CallState(int(at.timestamp()), call=key)
    day = at.astimezone(directory.zone).date()
    forwarding_numbers = numbers_in(
        *(values[name] for name in values if _FORWARDING_PARAMETER.fullmatch(name))
    )
    phones = {line.id: (line.phone, line.phone_on(day)) for line in directory.lines}
    forwarded = [
        line_id
        for line_id in phones
        if line_id in state.forwarded
        or any(is_excluded(phone, forwarding_numbers) for phone in phones[line_id])
    ]
    forwarding_numbers |= {phone.e164 for line_id in forwarded for phone in phones[line_id]}
    return CallRequest(
        is_recognised=reason is None,
        service=snapshot.timetables.service(service_id),
        snapshot=snapshot,
        at=at,
        state=state if state.tried else replace(state, forwarded=tuple(forwarded)),
        excluded_numbers=_own_numbers(directory) | forwarding_numbers,
    )


def numbers_in(*values: str) -> frozenset[str]:
    """Return the digits of every telephone number in some parameters or SIP headers."""
    parts = (part for value in values for part in _NOT_IN_A_NUMBER.split(unquote(value)))
    numbers = (re.sub("[^0-9]", "", part) for part in parts)
    return frozenset(number for number in numbers if len(number) >= MIN_EXCLUDED_DIGITS)


def _own_numbers(directory: Directory) -> frozenset[str]:
    """Return the number that was called or texted, and those of all services."""
    services = (service.number.e164 for service in directory.services if service.number)
    return numbers_in(request.values.get("To", "")).union(services)


def _target() -> tuple[bool, list[str], str]:
    """Return whether it is a text, what may name its service, the likeliest first, and the step.

    Only a call has a CallSid, whichever webhook it reaches.
    """
    names = _segments(request.path)[1:]
    is_message = "MessageSid" in request.values or names[:1] == ["sms"]
    step = names[2] if len(names) == 3 and names[0] == "voice" else ""
    return is_message and not request.values.get("CallSid"), [*names[1:], *names[:1]], step


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _service_id(names: Iterable[str]) -> str:
    """Return the service that an address names, else that of the number called, else the first."""
    services = lookup.snapshot().timetables.services
    by_name = {service_id.lower(): service_id for service_id in services}
    for name in names:
        if service_id := by_name.get(name.strip().lower()):
            return service_id
    log.error("Twilio asks for a service that the directory does not have: %r", request.path)
    called = numbers_in(request.values.get("To", ""))
    by_number = (s.id for s in services.values() if s.number and is_excluded(s.number, called))
    return next(by_number, next(iter(services)))


# Each step of a call


def _begin(call: CallRequest) -> str:
    """Ring the line that answers now, or, when asked again, the one that did when it began."""
    timetables, state = call.snapshot.timetables, call.state
    decision = lookup.who_to_call(call.service.id, call.at)
    begun = Call(call.service.id, decision.line.id, decision.reason.code.value, call.at)
    step = call_flow.first_step(timetables, decision, call.at, state, call.excluded_numbers)
    first = _write(call, calls.begin, replace(begun, legs=_rings(step))) or begun
    if first == begun and isinstance(step, Dial):
        return _twiml(call, step, decision)
    decision = _decision_as_logged(call, decision, first)
    if call.at - first.began_at < call_flow.MAX_CALL_DURATION:
        state = replace(state, began=int(first.began_at.timestamp()))
    step = call_flow.first_step(timetables, decision, call.at, state, call.excluded_numbers)
    return _log_and_answer(call, step, decision, begun)


def _after(call: CallRequest) -> str:
    """Go on after ringing a line has ended."""
    state, values = call.state, request.values
    if not state.tried:
        return _begin(call)
    status = values.get("DialCallStatus", "")
    is_accepted = not state.screened or (status == "completed" and _is_accepted(state))
    outcome = call_flow.dial_outcome(status, values.get("DialBridged", ""), is_accepted)
    decision = lookup.who_to_call(call.service.id, call.at)
    step = call_flow.next_step(
        call.snapshot.timetables, state, outcome, call.at, decision, call.excluded_numbers
    )
    duration = values.get("DialCallDuration", "")
    talked = int(duration) if re.fullmatch("[0-9]{1,6}", duration) else None
    rang = max(0, int(call.at.timestamp()) - state.dialled - (talked or 0))
    ended = _leg(state, outcome=outcome, ring_seconds=rang, talk_seconds=talked)
    return _log_and_answer(call, step, decision, _call_so_far(call, ended))


def _screen(call: CallRequest) -> str:
    """Say to whoever picked up what the call is, and ask for the key."""
    url = f"{base_url(current_app.config)}/twilio/voice/{call.service.id}/accept"
    address = f"{url}?{urlencode(call.state.to_query())}"
    return twiml.acceptance(call.service, call.snapshot.directory, address)


def _accept(call: CallRequest) -> str:
    """Connect whoever pressed the key, and log it; hang up on anybody else."""
    if request.values.get("Digits") != ACCEPT_KEY:
        return twiml.hang_up()
    if call.state.tried and call.state.call:
        _mark_accepted(call.state)
        accepted = _leg(call.state, accepted_at=call.at)
        _write(call, calls.write, _call_so_far(call, accepted))
    return twiml.do_nothing()


_STEPS: Mapping[str, Callable[[CallRequest], str]] = {
    "after": _after,
    "screen": _screen,
    "accept": _accept,
}


def _call_so_far(call: CallRequest, leg: Leg) -> Call:
    began_at = datetime.fromtimestamp(call.state.began, UTC)
    return Call(call.service.id, call.state.tried[0], "", began_at, legs=(leg,))


def _leg(state: CallState, **more: Any) -> Leg:
    dialled_at = datetime.fromtimestamp(state.dialled, UTC)
    return Leg(state.leg, state.tried[-1], dialled_at, **more)


def _rings(step: Step) -> tuple[Leg, ...]:
    return (_leg(step.state),) if isinstance(step, Dial) else ()


def _decision_as_logged(call: CallRequest, decision: Decision, logged: Call) -> Decision:
    """Return the decision with the line decided on first, if the directory still has it."""
    directory = call.snapshot.directory
    line = directory.line(logged.line)
    if line is None or logged.service != decision.service.id:
        return decision
    day = logged.began_at.astimezone(directory.zone).date()  # its number too, over midnight
    return replace(decision, line=line, phone=line.phone_on(day))


def _is_accepted(state: CallState) -> bool:
    mark = f"{state.call}-{state.leg}"
    is_logged = partial(calls.was_accepted, key=state.call, position=state.leg)
    is_marked = _in_marks(lambda marks: (marks / mark).exists())
    return bool(is_marked or call_log().write(is_logged))


def _mark_accepted(state: CallState) -> None:
    """Record for every worker of this machine, database or not, that a leg was accepted."""

    def mark(marks: Path) -> None:
        marks.mkdir(parents=True, exist_ok=True)
        (marks / f"{state.call}-{state.leg}").touch()
        for other in marks.iterdir():
            if time.time() - other.stat().st_mtime > MAX_MARK_AGE_SECONDS:
                other.unlink(missing_ok=True)

    _in_marks(mark)


def _in_marks(function: Callable[[Path], T]) -> T | None:
    """Return ``function`` of the folder of marks; None if that cannot be used within a second."""
    marks = lookup.instance_path() / "accepted"
    try:
        return files.run_with_timeout(function, marks, files.CALLER_IO_TIMEOUT_SECONDS)
    except OSError as error:
        log.warning("cannot use %s, which says whether a call was accepted: %s", marks, error)
        return None


def _log_and_answer(call: CallRequest, step: Step, decision: Decision, so_far: Call) -> str:
    """Write a step to the call log, and return its TwiML. ``so_far`` has the leg that ended."""
    document = _twiml(call, step, decision)
    outcome = step.outcome if isinstance(step, End) else None
    has_ended = so_far.legs and request.values.get("CallStatus") in ENDED_STATUSES
    if outcome is Outcome.ANSWERED:
        so_far = replace(so_far, answered_by=so_far.legs[-1].line)
    elif has_ended:
        outcome = Outcome.ABANDONED
    if outcome is None:
        so_far = replace(so_far, legs=(*so_far.legs, *_rings(step)))
    else:
        so_far = replace(so_far, outcome=outcome, ended_at=call.at)
    _write(call, calls.write, so_far)
    return document


def _twiml(call: CallRequest, step: Step, decision: Decision) -> str:
    return twiml.for_step(
        step,
        decision,
        call.at,
        call.snapshot.timetables,
        call.excluded_numbers,
        base_url=base_url(current_app.config),
        rehearsal_number=rehearsal_number(current_app.config),
        caller_id=_caller_id(step.line, call.service) if isinstance(step, Dial) else None,
    )


def _caller_id(line: Line, service: Service) -> str | None:
    """Return the number that a line is shown; None for the caller's own.

    In place of the caller's it is the number that was called, or the service's. A screened line is
    somebody's own telephone: it never sees who rings.
    """
    caller, called = request.values.get("From", ""), request.values.get("To", "")
    is_passed_on = current_app.config["CALLER_ID"] == "caller" and not line.press_1_to_accept
    if is_passed_on and twiml.is_presentable(caller):
        return None
    if twiml.is_presentable(called):
        return called
    return service.number.e164 if service.number else None


def _write(call: CallRequest, job: Callable[[Connection, str, Call], T], row: Call) -> T | None:
    """Write to the call log, if the request is Twilio's own."""
    if not call.is_recognised or not call.state.call:
        return None
    return call_log().write(lambda connection: job(connection, call.state.call, row))


def _xml(document: str) -> Response:
    return Response(document, mimetype="text/xml", headers={"Cache-Control": "no-store"})
