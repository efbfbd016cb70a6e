"""Who may ask, and how a fault of ours is answered: signed or refused, and then always TwiML."""

import logging

from flask import Response, current_app

from routing import enquiry
from routing.formats.problem import problem
from routing.signature import SETTINGS, SIGNATURE, signed
from routing.status import telephone_shut
from routing.storage import calls
from routing.storage.call_log import CallLog
from routing.telephony.accepted import Accepted
from routing.telephony.asked import Asked

log = logging.getLogger(__name__)

METHODS = ("GET", "POST")
"""Twilio posts; a number set up with GET by mistake must not cost a caller the answer."""

CHECK = ("check",)
"""Where the doctor asks whether a signed request arrives."""


def let_in(asked: Asked) -> Response | None:
    """Refuse a request that Twilio did not sign. Shut the door where it is not set up."""
    closed = telephone_shut(current_app.config)
    if closed is not None:
        return problem(503, closed)
    if asked.method not in METHODS:
        refused = problem(405, "Twilio asks with POST, or GET.")
        refused.headers["Allow"] = ", ".join(METHODS)
        return refused
    if _signed(asked):
        return None
    if asked.parts[1:] != CHECK:  # the doctor forges one, to see that it is refused
        call_log().count(calls.REFUSED)
    log.info("refused: no right signature for %.200r", asked.parts)  # the count is a warning
    return problem(403, "The signature is not right for this address. See `flask twilio doctor`.")


def fault(error: Exception) -> None:
    """Log and count a fault of ours: it is no caller's concern."""
    log.error("fault while answering Twilio: the last resort answers", exc_info=error)
    call_log().count(calls.FAULTS)


def base() -> str:
    """Return the address at which Twilio reaches this service, without a slash at its end."""
    return str(current_app.config["PUBLIC_BASE_URL"]).rstrip("/")


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


def _signed(asked: Asked) -> bool:
    """Say whether Twilio signed a request. One that cannot be read is not signed."""
    config = current_app.config
    tokens = [config[name] for name in ("TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_2") if config[name]]
    try:
        asked.read()
    except Exception as error:  # whatever a server raises of a body that is cut short, or no body
        log.info("a request that cannot be read: %s", type(error).__name__)
        return False
    given = asked.header(SIGNATURE) or ""
    return signed(base() + asked.target, asked.form, given, asked.header(SETTINGS), tokens)
