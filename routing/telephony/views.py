"""Twilio's webhooks: ring the line that answers now, and continue by what really happened.

Only a bad signature is refused. Every other fault, here or in what the application does around
every request, is answered with TwiML that connects the caller.
"""

import logging
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, g, request

from routing import files, lookup
from routing.config import base_url, rehearsal_number, telephony_disabled_reason
from routing.core.decision import Decision, Outcome, is_excluded
from routing.core.directory import Service
from routing.responses import problem
from routing.snapshot import Snapshot
from routing.store import calls
from routing.store.calls import CallLog, CallStart, LegEnd, LegStart
from routing.telephony import call_flow, sms, twiml
from routing.telephony.call_flow import CallState, Dial, Done, GiveUp, Step
from routing.telephony.twilio_request import CallRequest, is_signed, unrecognised_reason

T = TypeVar("T")

log = logging.getLogger(__name__)

METHODS = ["GET", "POST"]
"""Twilio posts; a number set up with GET by mistake must not cost a caller the answer."""

ACCEPT_KEY = "1"
WHISPERS = ("screen", "accept")
"""Steps that whoever was rung hears, not the caller: they must never ring anybody else."""

MAX_MARK_AGE_SECONDS = 24 * 3600
"""How long it is kept that a line was accepted: longer than any call."""

APOLOGY = (
    '<?xml version="1.0" encoding="UTF-8"?><Response>'
    '<Say language="en-GB">Sorry, we cannot put your call through. If a child is in immediate '
    "danger, hang up and dial 9 9 9. Otherwise please call again in a minute.</Say>"
    '<Pause length="1"/>'
    '<Say language="en-GB">If a child is in immediate danger, hang up and dial 9 9 9. Otherwise '
    "please call again in a minute.</Say></Response>"
)
"""For when no directory was ever read: the service does not start without one, but the file may be
gone before the first call."""

Fallbacks = dict[str, tuple[object, str]]
"""By service: what its fallback was made of (a directory's hash and a date), and the TwiML."""

bp = Blueprint("telephony", __name__, url_prefix="/twilio")


@dataclass(frozen=True, slots=True)
class CallContext:
    """The call of the current request, and what it is answered by.

    ``may_be_logged`` is False for a request unlike Twilio's own. ``state`` is None where the
    address has none: a call that begins. ``forwarded`` are the ids of the lines that forwarded the
    call here.
    """

    request: CallRequest
    may_be_logged: bool
    service: Service
    snapshot: Snapshot
    at: datetime
    state: CallState | None
    forwarded: tuple[str, ...]
    excluded_numbers: frozenset[str]


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
    """Answer a text message; or a call, by ringing the line that answers now.

    A call that is in the log rings the line it began with. With a step, a call is continued; an
    unknown step begins it again.
    """
    g.answering = True
    is_text, names, step = _target()
    call_request = CallRequest.from_parameters(request.values)
    service_id = _service_id(names, call_request.called_digits)
    if is_text:
        g.twiml = sms.answer(call_request, service_id, request.values.get("Body", ""))
    else:
        g.twiml = _answer_call(call_request, service_id, step)
    return _xml(g.twiml)


def is_below_twilio(path: str) -> bool:
    """Return whether a path is for Twilio, however it was mistyped there."""
    return _segments(path)[:1] == ["twilio"]


@bp.errorhandler(Exception)
def connect_anyway(error: Exception) -> Response:
    """Answer a request below /twilio whatever went wrong: the handler of last resort.

    It is this blueprint's error handler, and the application's handlers call it for what no
    blueprint sees: an address that no route matches, and a fault in opening the session. It checks
    the signature itself, so that no fault answers an unsigned request. A fault outside this
    blueprint does not change the answer; one in the answer itself is answered with the fallback.
    """
    refusal = require_signature()
    if refusal is not None:
        return refusal
    if error is not request.routing_exception:  # that is a mistyped address
        cause = getattr(error, "original_exception", None) or error
        log.error("fault while answering Twilio: the caller is connected", exc_info=cause)
        call_log().count(calls.FAULTS)
    if "twiml" in g:  # a fault after the answer was made
        return _xml(g.twiml)
    if "answering" not in g:  # a fault before
        try:
            return answer()
        except Exception as fault:
            log.error("fault while answering Twilio: the fallback answers", exc_info=fault)
            call_log().count(calls.FAULTS)
    is_text, names, step = _target()
    if is_text:
        return _xml(sms.FAULT_ANSWER)
    return _xml(twiml.hang_up() if step in WHISPERS else _fallback(names))


def make_fallbacks(service_ids: Iterable[str] | None = None) -> None:
    """Make the fallbacks of some services again if the directory or the day has changed.

    None means all services: a thousand would keep a caller waiting, so a call names its own. Ids
    that the directory lacks are ignored. It never raises: a fault is logged, and what was made
    before stays.
    """
    fallbacks: Fallbacks = current_app.extensions["fallbacks"]
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
    fallbacks: Fallbacks = current_app.extensions["fallbacks"]
    named = (fallbacks[name] for name in names if name in fallbacks)
    return next(named, next(iter(fallbacks.values()), ("", APOLOGY)))[1]


def call_log() -> CallLog:
    """Return the call log."""
    log: CallLog = current_app.extensions["call_log"]
    return log


def _answer_call(call_request: CallRequest, service_id: str, step: str) -> str:
    make_fallbacks((lookup.first_service_id(), service_id))
    reason = unrecognised_reason()
    if reason is not None:
        log.warning("a signed request unlike Twilio's is answered, and not logged: %s", reason)
        call_log().count(calls.UNRECOGNISED)
    snapshot = lookup.snapshot()
    lookup.read_diverts(max_age=0)
    directory, at, state = snapshot.directory, lookup.now(), CallState.from_query(request.args)
    day = at.astimezone(directory.zone).date()
    forwarded = call_request.forwarding_lines(directory, day, state)
    call = CallContext(
        call_request,
        reason is None,
        snapshot.timetables.service(service_id),
        snapshot,
        at,
        state,
        forwarded,
        call_request.excluded_numbers(directory, day, forwarded),
    )
    return _STEPS.get(step, _begin)(call)


def _begin(call: CallContext) -> str:
    timetables, at = call.snapshot.timetables, call.at
    decision = lookup.who_to_call(call.service.id, at)
    start = CallStart(call.service.id, decision.line.id, decision.reason.code.value, at)
    step = call_flow.first_step(timetables, decision, at, at, call.excluded_numbers, call.forwarded)
    leg = LegStart(step.state.leg, step.line.id, at) if isinstance(step, Dial) else None
    logged = _write(call, partial(calls.begin, call=start, leg=leg)) or start
    if logged is start and leg is not None:
        return _twiml(call, step, decision)
    decision = _decision_as_logged(call, decision, logged)
    began = logged.at if at - logged.at < call_flow.MAX_CALL_DURATION else at
    step = call_flow.first_step(
        timetables, decision, at, began, call.excluded_numbers, call.forwarded
    )
    return _log_and_answer(call, step, decision, start)


def _after(call: CallContext) -> str:
    state = call.state
    if state is None or not state.tried:
        return _begin(call)
    outcome = _outcome(call, state)
    decide_at = partial(lookup.who_to_call, call.service.id)
    timetables, ended = call.snapshot.timetables, (state, outcome, call.at)
    step = call_flow.next_step(timetables, *ended, decide_at, call.excluded_numbers)
    duration = request.values.get("DialCallDuration", "")
    talked = int(duration) if re.fullmatch("[0-9]{1,6}", duration) else None
    leg_end = LegEnd(state.leg, state.tried[-1], outcome, call.at, talked)
    return _log_and_answer(call, step, decide_at(call.at), _call_start(call, state), leg_end)


def _screen(call: CallContext) -> str:
    """Say to whoever picked up what the call is, and ask for the key."""
    state, call_key = call.state, _caller_call_key()
    query = {**state.to_query(), "call": call_key} if state and call_key else {}
    url = f"{base_url(current_app.config)}/twilio/voice/{call.service.id}/accept?{urlencode(query)}"
    return twiml.acceptance(call.service, call.snapshot.directory, url)


def _accept(call: CallContext) -> str:
    """Connect whoever pressed the key, and log it; hang up on anybody else."""
    state, call_key = call.state, _caller_call_key()
    if request.values.get("Digits") != ACCEPT_KEY:
        return twiml.hang_up()
    if state is not None and state.tried and call_key:
        _mark_accepted(call_key, state.leg)
        leg = LegStart(state.leg, state.tried[-1], call.at)
        if call.may_be_logged:
            start = _call_start(call, state)
            call_log().write(partial(calls.accept, key=call_key, call=start, leg=leg))
    return twiml.do_nothing()


def _ended(call: CallContext) -> str:
    """Log that a call is over: Twilio's status callback, where it is set up."""
    if call.request.has_ended:
        _write(call, partial(calls.finish, at=call.at))
    return twiml.do_nothing()


_STEPS: Mapping[str, Callable[[CallContext], str]] = {
    "after": _after,
    "screen": _screen,
    "accept": _accept,
    "ended": _ended,
}


def _caller_call_key() -> str:
    """Return the key of the caller's call: to Twilio, whoever picks up is another call."""
    call_key = request.args.get("call", "")
    return call_key if re.fullmatch("[0-9a-f]{64}", call_key) else ""


def _call_start(call: CallContext, state: CallState) -> CallStart:
    return CallStart(call.service.id, state.tried[0], "", datetime.fromtimestamp(state.began, UTC))


def _decision_as_logged(call: CallContext, decision: Decision, logged: CallStart) -> Decision:
    """Return the decision with the line decided on first, if the directory still has it."""
    directory = call.snapshot.directory
    line = directory.line(logged.line)
    if line is None or logged.service != decision.service.id:
        return decision
    day = logged.at.astimezone(directory.zone).date()  # its number too, over midnight
    return replace(decision, line=line, phone=line.phone_on(day))


def _outcome(call: CallContext, state: CallState) -> Outcome:
    status = request.values.get("DialCallStatus", "")
    bridged = request.values.get("DialBridged", "").lower()
    is_accepted = state.screened and status == "completed" and _is_accepted(call, state.leg)
    return call_flow.dial_outcome(
        status, {"true": True, "": None}.get(bridged, False), state.screened, is_accepted
    )


def _is_accepted(call: CallContext, leg: int) -> bool:
    key = call.request.call_key
    if key is None:
        return False
    return bool(
        _in_marks(lambda marks: (marks / f"{key}-{leg}").exists())
        or call_log().write(partial(calls.was_accepted, key=key, position=leg))
    )


def _mark_accepted(call_key: str, leg: int) -> None:
    """Record for every worker of this machine, database or not, that a leg was accepted."""

    def mark(marks: Path) -> None:
        marks.mkdir(parents=True, exist_ok=True)
        (marks / f"{call_key}-{leg}").touch()
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


def _log_and_answer(
    call: CallContext, step: Step, decision: Decision, start: CallStart, ended: LegEnd | None = None
) -> str:
    document = _twiml(call, step, decision)
    outcome = _call_outcome(step, ended, call.request.has_ended)
    leg = None
    if isinstance(step, Dial) and outcome is None:
        leg = LegStart(step.state.leg, step.line.id, call.at)
    _write(call, partial(calls.step, call=start, ended=ended, leg=leg, outcome=outcome))
    return document


def _twiml(call: CallContext, step: Step, decision: Decision) -> str:
    settings, timetables = current_app.config, call.snapshot.timetables
    caller_id = None
    if isinstance(step, Dial):
        caller_id = call.request.caller_id(step.line, call.service, settings["CALLER_ID"])
    return twiml.for_step(
        step,
        call.service,
        timetables.directory,
        partial(twiml.spoken_words, step, decision, call.at, timetables, call.excluded_numbers),
        base_url=base_url(settings),
        call_key=call.request.call_key or "",
        rehearsal_number=rehearsal_number(settings),
        caller_id=caller_id,
    )


def _call_outcome(step: Step, leg_end: LegEnd | None, has_hung_up: bool) -> Outcome | None:
    """Return how the call ended; None while it goes on."""
    if isinstance(step, Done) and leg_end is not None and leg_end.outcome == Outcome.ANSWERED:
        return Outcome.ANSWERED
    if isinstance(step, Done) or (has_hung_up and leg_end is not None):
        return Outcome.ABANDONED
    return Outcome.UNANSWERED if isinstance(step, GiveUp) else None


def _write(call: CallContext, job: Callable[..., T]) -> T | None:
    """Write to the call log, unless the request is unlike Twilio's own."""
    if not call.may_be_logged:
        return None
    return call_log().write(partial(job, key=call.request.call_key))


def _service_id(names: Iterable[str], called_digits: Collection[str]) -> str:
    """Return the service that an address names, else that of the number called, else the first.

    A caller is put through whatever was typed at Twilio.
    """
    services = lookup.snapshot().timetables.services
    by_name = {service_id.lower(): service_id for service_id in services}
    for name in names:
        if service_id := by_name.get(name.strip().lower()):
            return service_id
    log.error("Twilio asks for a service that the directory does not have: %r", request.path)
    called = (s.id for s in services.values() if s.number and is_excluded(s.number, called_digits))
    return next(called, next(iter(services)))


def _target() -> tuple[bool, list[str], str]:
    """Return whether a text message is to be answered, what may be its service, and the step.

    Only a call has a CallSid, whichever webhook it reaches. The names are those of the address,
    however it was mistyped at Twilio, the likeliest first.
    """
    names = _segments(request.path)[1:]
    is_message = "MessageSid" in request.values or names[:1] == ["sms"]
    step = names[2] if len(names) == 3 and names[0] == "voice" else ""
    return is_message and not request.values.get("CallSid"), [*names[1:], *names[:1]], step


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _xml(document: str) -> Response:
    return Response(document, mimetype="text/xml", headers={"Cache-Control": "no-store"})
