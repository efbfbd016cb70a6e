"""Who may ask, and how a fault of ours is answered: signed or refused, and then always TwiML."""

import logging
from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response, current_app, request

from routing import enquiry
from routing.formats.problem import problem
from routing.signature import signed
from routing.status import telephone_shut
from routing.storage import calls
from routing.storage.call_log import CallLog
from routing.telephony.accepted import Accepted

log = logging.getLogger(__name__)

METHODS = ["GET", "POST"]
"""Twilio posts; a number set up with GET by mistake must not cost a caller the answer."""


CHECK = "voice.check"
"""Where the doctor asks whether a signed request arrives."""


def part(name: str, otherwise: Callable[[], str]) -> Blueprint:
    """Return a part of the door. ``otherwise`` makes the document that answers a fault of ours."""
    bp = Blueprint(name, __name__)
    bp.before_request(let_in)
    bp.register_error_handler(Exception, partial(answer_anyway, otherwise=otherwise))
    return bp


def answer_anyway(error: Exception, otherwise: Callable[[], str]) -> Response:
    """Answer a fault of ours: it is logged, counted, and no caller's concern."""
    log.error("fault while answering Twilio: the last resort answers", exc_info=error)
    call_log().count(calls.FAULTS)
    return xml(otherwise())


def let_in() -> Response | None:
    """Refuse a request that Twilio did not sign. Shut the door where it is not set up."""
    closed = telephone_shut(current_app.config)
    if closed is not None:
        return problem(503, closed)
    config = current_app.config
    tokens = [config[name] for name in ("TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_2") if config[name]]
    if signed(request, base(), tokens):
        return None
    if request.endpoint != CHECK:  # the doctor forges one, to see that it is refused
        call_log().count(calls.REFUSED)
    log.info("refused: no right signature for %.200r", request.path)  # the count is a warning
    return problem(403, "The signature is not right for this address. See `flask twilio doctor`.")


def base() -> str:
    """Return the address at which Twilio reaches this service, without a slash at its end."""
    return str(current_app.config["PUBLIC_BASE_URL"]).rstrip("/")


def xml(document: str) -> Response:
    """Return a document that nobody may keep."""
    return Response(document, mimetype="text/xml", headers={"Cache-Control": "no-store"})


def service_id(asked: str, called: str | None) -> str:
    """Return which service is meant: that of the address, else that of the number called, else the
    directory's first. A caller is put through whatever was typed at Twilio's.
    """
    services = enquiry.facts().timetables.services
    if asked in services:
        return asked
    log.error("Twilio asks for a service that the directory has not: %.60r", asked)
    numbers = {each.number.e164: each.id for each in services.values() if each.number}
    return numbers.get(called or "", next(iter(services)))


def call_log() -> CallLog:
    """Return the call log."""
    found: CallLog = current_app.extensions["call_log"]
    return found


def accepted() -> Accepted:
    """Return the marks of accepted calls."""
    found: Accepted = current_app.extensions["accepted"]
    return found
