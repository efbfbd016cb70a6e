"""Calls: ring whoever answers now, and go on by what really happened."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode

from flask import current_app

from routing import calling, enquiry, status
from routing.calling import LONGEST, GiveUp, Outcome, Over, Progress, Ring, Step
from routing.core.answer import Decision
from routing.core.directory import Service
from routing.facts import Facts
from routing.formats import call as document
from routing.formats import twiml
from routing.formats.call import Exchange
from routing.storage import calls
from routing.storage.calls import Begun, Ended, Leg
from routing.telephony import door, incoming, last_resort
from routing.telephony.asked import Asked
from routing.telephony.incoming import Incoming

T = TypeVar("T")

KEY = "1"
WHISPERS = ("screen", "accept")
"""Steps that whoever was rung hears, not the caller: ringing somebody else is no way on there."""

NOTHING, HANG_UP = twiml.nothing(), twiml.hang_up()
"""Made at start: the second answers a fault."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call in hand: what Twilio asks and tells, its service, and the facts and instant it is
    answered by.
    """

    asked: Asked
    incoming: Incoming
    service: Service
    facts: Facts
    at: datetime
    barred: frozenset[str]


def answer(asked: Asked, service: str, step: str) -> str:
    """Ring the line that answers now; for a call asked about before, the one it was given then.

    With a step, go on with a call. A step that there is not begins it again.
    """
    last_resort.ready(service)
    return _STEPS.get(step, _begin)(_call(asked, service))


def otherwise(service: str, step: str) -> str:
    """Return the document that answers a fault: nobody who rings is left without a way on."""
    return HANG_UP if step in WHISPERS else last_resort.document(service)


def _begin(call: Call) -> str:
    """Ring whoever answers now, noted together with the call; or as it was noted first."""
    facts, at = call.facts, call.at
    decision = enquiry.who_to_call(call.service.id, at)
    begun = Begun(call.service.id, decision.line.id, decision.reason.code.value, at)
    step = calling.first(facts.timetables, decision, at, at, call.barred)
    rings = Leg(step.progress.leg, step.line.id, at) if isinstance(step, Ring) else None
    kept = _noted(call, partial(calls.begin, call=begun, rings=rings)) or begun
    if kept is begun and rings is not None:
        return _document(call, step, decision)
    decision, began = _as_first(call, decision, kept), kept.at if at - kept.at < LONGEST else at
    step = calling.first(facts.timetables, decision, at, began, call.barred)
    return _answer(call, step, decision, begun)


def _after(call: Call) -> str:
    """Go on when ringing a line has ended: by what really happened."""
    facts, progress = call.facts, calling.read(call.asked.args)
    if progress is None or not progress.tried:
        return _begin(call)
    ended = _outcome(call, progress)
    redecide = partial(enquiry.who_to_call, call.service.id)
    arguments = (facts.timetables, call.service, progress, ended, call.at, redecide, call.barred)
    step = calling.after(*arguments)
    decision = redecide(call.at)
    began = datetime.fromtimestamp(progress.began, UTC)
    begun = Begun(call.service.id, progress.tried[0], "", began)
    talked = call.asked.values.get("DialCallDuration", "")
    leg = Ended(
        progress.leg,
        progress.tried[-1],
        ended.value,
        call.at,
        int(talked) if talked.isascii() and talked.isdecimal() and len(talked) < 7 else None,
    )
    return _answer(call, step, decision, begun, leg)


def _screen(call: Call) -> str:
    """Tell whoever picked up what the call is, and ask for the key."""
    progress, key = calling.read(call.asked.args), _asked_for(call)
    state = {**calling.written(progress), "call": key} if progress and key else {}
    address = f"{door.base()}/twilio/voice/{call.service.id}/accept?{urlencode(state)}"
    return document.acceptance(call.service, call.facts.directory, address)


def _accept(call: Call) -> str:
    """Connect whoever pressed the key, and note it; hang up on anybody else."""
    progress, key = calling.read(call.asked.args), _asked_for(call)
    if call.asked.values.get("Digits") != KEY:
        return twiml.hang_up()
    if progress is not None and progress.tried and key:
        door.accepted().put(key, progress.leg)
        began = datetime.fromtimestamp(progress.began, UTC)
        begun = Begun(call.service.id, progress.tried[0], "", began)
        leg = Leg(progress.leg, progress.tried[-1], call.at)
        door.call_log().write(partial(calls.accept, known_by=key, call=begun, leg=leg))
    return twiml.nothing()


def _asked_for(call: Call) -> str:
    """Return what the log knows the caller's call by: whoever picks up is another call."""
    key = call.asked.args.get("call", "")
    return key if re.fullmatch("[0-9a-f]{64}", key) else ""


def _ended(call: Call) -> str:
    """Note that a call is over: Twilio's own status callback, where it is set up."""
    if call.incoming.gone:
        _noted(call, partial(calls.finish, at=call.at))
    return twiml.nothing()


def _call(asked: Asked, service: str) -> Call:
    given, facts = incoming.read(asked.values), enquiry.facts()
    found = facts.timetables.service(door.service_id(service, given.called))
    enquiry.read_diverts(max_age=0)
    return Call(asked, given, found, facts, enquiry.now(), given.barred(facts.directory))


def _as_first(call: Call, decision: Decision, kept: Begun) -> Decision:
    """Return the decision with the line decided on first, if the directory still has it."""
    directory = call.facts.directory
    line = next((each for each in directory.lines if each.id == kept.line), None)
    if line is None or kept.service != decision.service.id:
        return decision
    day = kept.at.astimezone(directory.zone).date()  # its number too, over midnight
    return replace(decision, line=line, phone=line.phone_on(day))


def _outcome(call: Call, progress: Progress) -> Outcome:
    given, screened = call.asked.values, progress.screened
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
) -> str:
    """Note the step, and answer with its document."""
    said = _document(call, step, decision)
    over = _over(step, ended, call.incoming.gone)
    rings = None
    if isinstance(step, Ring) and over is None:
        rings = Leg(step.progress.leg, step.line.id, call.at)
    _noted(call, partial(calls.step, call=begun, ended=ended, rings=rings, over=over))
    return said


def _document(call: Call, step: Step, decision: Decision) -> str:
    facts, config = call.facts, current_app.config
    exchange = Exchange(
        door.base(),
        call.incoming.key or "",
        status.rehearsal_number(config),
        lambda line: call.incoming.shown_to(line, call.service, config["CALLER_ID"]),
    )
    shown = partial(document.shown, facts.timetables, decision, call.at, call.barred)
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


_STEPS: Mapping[str, Callable[[Call], str]] = {
    "after": _after,
    "screen": _screen,
    "accept": _accept,
    "ended": _ended,
}
