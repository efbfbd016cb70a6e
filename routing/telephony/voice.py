"""Calls: ring whoever answers now, and go on by what really happened."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode

from flask import Response, current_app, request

from routing import calling, enquiry, status
from routing.calling import LONGEST, GiveUp, Outcome, Over, Progress, Ring, Step
from routing.core.answer import Decision
from routing.core.directory import Service
from routing.formats import call as document
from routing.formats import twiml
from routing.formats.call import Exchange
from routing.storage import calls
from routing.storage.calls import Begun, Ended, Leg
from routing.telephony import door, incoming, last_resort
from routing.telephony.incoming import Incoming

T = TypeVar("T")

KEY = "1"
WHISPERS = ("screen", "accept")
"""Steps that whoever was rung hears, not the caller: ringing somebody else is no way on there."""

HANG_UP = twiml.hang_up()
"""Made at start: it answers a fault."""


def otherwise() -> str:
    """Return the document that answers a fault: nobody who rings is left without a way on."""
    given = request.view_args or {}
    if given.get("step") in WHISPERS:
        return HANG_UP
    return last_resort.document(given.get("service", ""))


bp = door.part("voice", otherwise)


@dataclass(frozen=True, slots=True)
class Call:
    """A call in hand: what Twilio tells of it, its service, and the instant it is."""

    incoming: Incoming
    service: Service
    at: datetime

    @property
    def barred(self) -> frozenset[str]:
        """Return the numbers that may not be rung."""
        return self.incoming.barred(enquiry.facts().directory)


@bp.route("/twilio/check", methods=door.METHODS)
def check() -> Response:
    """Say that a signed request arrives: for `flask twilio doctor`."""
    return door.xml(twiml.nothing())


@bp.route("/twilio/voice/<service>", methods=door.METHODS)
def begin(service: str) -> Response:
    """Ring the line that answers now; for a call asked about before, the one it was given then."""
    last_resort.current()
    return _begin(_call(service))


@bp.route("/twilio/voice/<service>/<step>", methods=door.METHODS)
def go_on(service: str, step: str) -> Response:
    """Go on with a call. A step that there is not begins it again."""
    steps: dict[str, Callable[[Call], Response]] = {
        "after": _after,
        "screen": _screen,
        "accept": _accept,
        "ended": _ended,
    }
    return steps.get(step, _begin)(_call(service))


def _begin(call: Call) -> Response:
    """Ring whoever answers now, noted together with the call; or as it was noted first."""
    facts, at = enquiry.facts(), call.at
    decision = enquiry.who_to_call(call.service.id, at)
    begun = Begun(call.service.id, decision.line.id, decision.reason.code.value, at)
    step = calling.first(facts.timetables, decision, at, at, call.barred)
    rings = Leg(step.progress.leg, step.line.id, at) if isinstance(step, Ring) else None
    kept = _noted(call, partial(calls.begin, call=begun, rings=rings)) or begun
    if kept is begun and rings is not None:
        return door.xml(_document(call, step, decision))
    decision, began = _as_first(decision, kept), kept.at if at - kept.at < LONGEST else at
    step = calling.first(facts.timetables, decision, at, began, call.barred)
    return _answer(call, step, decision, begun)


def _after(call: Call) -> Response:
    """Go on when ringing a line has ended: by what really happened."""
    facts, progress = enquiry.facts(), calling.read(request.args)
    if progress is None or not progress.tried:
        return _begin(call)
    ended = _outcome(call, progress)
    redecide = partial(enquiry.who_to_call, call.service.id)
    arguments = (facts.timetables, call.service, progress, ended, call.at, redecide, call.barred)
    step = calling.after(*arguments)
    decision = redecide(call.at)
    began = datetime.fromtimestamp(progress.began, UTC)
    begun = Begun(call.service.id, progress.tried[0], "", began)
    talked = request.values.get("DialCallDuration", "")
    leg = Ended(
        progress.leg,
        progress.tried[-1],
        ended.value,
        call.at,
        int(talked) if talked.isascii() and talked.isdecimal() and len(talked) < 7 else None,
    )
    return _answer(call, step, decision, begun, leg)


def _screen(call: Call) -> Response:
    """Tell whoever picked up what the call is, and ask for the key."""
    progress, key = calling.read(request.args), _asked_for()
    state = {**calling.written(progress), "call": key} if progress and key else {}
    address = f"{door.base()}/twilio/voice/{call.service.id}/accept?{urlencode(state)}"
    return door.xml(document.acceptance(call.service, enquiry.facts().directory, address))


def _accept(call: Call) -> Response:
    """Connect whoever pressed the key, and note it; hang up on anybody else."""
    progress, key = calling.read(request.args), _asked_for()
    if request.values.get("Digits") != KEY:
        return door.xml(twiml.hang_up())
    if progress is not None and progress.tried and key:
        door.accepted().put(key, progress.leg)
        began = datetime.fromtimestamp(progress.began, UTC)
        begun = Begun(call.service.id, progress.tried[0], "", began)
        leg = Leg(progress.leg, progress.tried[-1], call.at)
        door.call_log().write(partial(calls.accept, known_by=key, call=begun, leg=leg))
    return door.xml(twiml.nothing())


def _asked_for() -> str:
    """Return what the log knows the caller's call by: whoever picks up is another call."""
    key = request.args.get("call", "")
    return key if re.fullmatch("[0-9a-f]{64}", key) else ""


def _ended(call: Call) -> Response:
    """Note that a call is over: Twilio's own status callback, where it is set up."""
    if call.incoming.gone:
        _noted(call, partial(calls.finish, at=call.at))
    return door.xml(twiml.nothing())


def _call(asked: str) -> Call:
    given = incoming.read(request.values)
    service = enquiry.facts().timetables.service(door.service_id(asked, given.called))
    enquiry.read_diverts(max_age=0)
    return Call(given, service, enquiry.now())


def _as_first(decision: Decision, kept: Begun) -> Decision:
    """Return the decision with the line decided on first, if the directory still has it."""
    directory = enquiry.facts().directory
    line = next((each for each in directory.lines if each.id == kept.line), None)
    if line is None or kept.service != decision.service.id:
        return decision
    day = kept.at.astimezone(directory.zone).date()  # its number too, over midnight
    return replace(decision, line=line, phone=line.phone_on(day))


def _outcome(call: Call, progress: Progress) -> Outcome:
    given, screened = request.values, progress.screened
    bridged = {"true": True, "": None}.get(given.get("DialBridged", "").lower(), False)
    status = given.get("DialCallStatus", "")
    accepted = screened and status == "completed" and _accepted(call, progress.leg)
    return calling.outcome(status, bridged, screened, accepted)


def _accepted(call: Call, leg: int) -> bool:
    """Say whether the key was pressed: by the mark on this machine, or else by the log."""
    key = call.incoming.key
    if key is None:
        return False
    return door.accepted().has(key, leg) or bool(_noted(call, partial(calls.accepted, number=leg)))


def _answer(
    call: Call, step: Step, decision: Decision, begun: Begun, ended: Ended | None = None
) -> Response:
    """Note the step, and answer with its document."""
    said = _document(call, step, decision)
    over = _over(step, ended, call.incoming.gone)
    rings = None
    if isinstance(step, Ring) and over is None:
        rings = Leg(step.progress.leg, step.line.id, call.at)
    _noted(call, partial(calls.step, call=begun, ended=ended, rings=rings, over=over))
    return door.xml(said)


def _document(call: Call, step: Step, decision: Decision) -> str:
    facts = enquiry.facts()
    exchange = Exchange(
        door.base(),
        call.incoming.key or "",
        status.rehearsal_number(current_app.config),
        lambda line: call.incoming.shown_to(line, call.service, current_app.config["CALLER_ID"]),
    )
    shown = document.shown(facts.timetables, decision, call.at, call.barred)
    return document.document(step, call.service, facts.directory, shown, exchange)


def _over(step: Step, ended: Ended | None, gone: bool) -> str | None:
    """Say how the call is over, if it is: also when the caller has gone, who hears no answer."""
    if isinstance(step, Over) and ended is not None and ended.outcome == Outcome.ANSWERED:
        return calls.ANSWERED
    if isinstance(step, Over) or (gone and ended is not None):
        return calls.ABANDONED
    return calls.UNANSWERED if isinstance(step, GiveUp) else None


def _noted(call: Call, job: Callable[..., T]) -> T | None:
    """Write in the call log, unless Twilio left out what a call is known by."""
    if call.incoming.key is None:
        return None
    return door.call_log().write(partial(job, known_by=call.incoming.key))
