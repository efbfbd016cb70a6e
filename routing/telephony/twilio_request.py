"""A request from Twilio: whether it is signed, and what it says of a call.

The caller's number is read here, used at once, and neither stored nor logged.
https://www.twilio.com/docs/usage/security
"""

import hmac
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from urllib.parse import unquote

import phonenumbers
from flask import current_app, request
from pydantic import AnyUrl
from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)
from werkzeug.datastructures import ImmutableMultiDict

from routing.config import base_url
from routing.core.decision import is_excluded
from routing.core.directory import Directory, Line, Service
from routing.store.calls import call_key
from routing.telephony.call_flow import CallState

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 32_768
"""Twilio's own requests have a few thousand bytes, with the longest text message 15,000."""

MAX_PARAMETERS = 100
"""Twilio's own requests have some thirty parameters."""

WITHHELD_NUMBERS = frozenset({"+266696687", "+86282452253", "+8656696", "+2562533", "+7378742833"})
"""ANONYMOUS, UNAVAILABLE, UNKNOWN, BLOCKED and RESTRICTED, typed on a telephone's keys: how
networks write a number that is withheld."""

ENDED_STATUSES = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""Values of CallStatus of a call that has ended."""

OUR_PARAMETERS = frozenset((*CallState(0, 0, 0, ()).to_query(), "call"))
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
    CallDuration Duration Timestamp SequenceNumber CallbackSource SipResponseCode QueueTime
    ErrorCode ErrorUrl AddOns
    SipDomain SipDomainSid SipUsername SipCallId SipSourceIp
    StirVerstat StirPassportToken StirStatus
    """.split()  # noqa: SIM905 - sixty quoted names are harder to read
)
"""The parameters of voice webhooks, of the callbacks of Dial, Number and Gather, and of status
callbacks: https://www.twilio.com/docs/voice/twiml#twilios-request-to-your-application and the page
of each verb."""

_CALL_SID = re.compile(r"CA[0-9a-f]{32}")
_SIP_HEADER = "SipHeader_"
_FORWARDING_PARAMETER = re.compile(
    rf"ForwardedFrom|CalledVia|{_SIP_HEADER}.*(?:Diversion|History-Info).*", re.IGNORECASE
)
_NOT_IN_A_NUMBER = re.compile(r"[A-Za-z@<>,;:=/|&\"]")
"""What ends a number in a SIP header, such as ``"MASH" <sip:01632960001@10.0.0.1>;reason=busy``."""

MIN_EXCLUDED_DIGITS = 9
"""Of a number that is not to be rung: a shorter one cannot be told from another."""


def is_signed() -> bool:
    """Return whether Twilio signed the current request, with either of two tokens.

    The URL is PUBLIC_BASE_URL and the raw request target: nothing that a proxy says of host, scheme
    or prefix counts. A request that cannot be read, or whose signature cannot be checked, is not
    signed. To refuse a stranger's takes 0.7 ms at most: nothing limits how many run at a time.
    """
    settings, names = current_app.config, ("TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_2")
    tokens = [settings[name] for name in names if settings[name]]
    if SIGNATURE_HEADER not in request.headers:
        return False
    try:
        request.max_content_length = MAX_BODY_BYTES
        # Joined here, in place of anew for each spelling of the address that the validator tries.
        joined = {"": "".join(chain.from_iterable(sorted(_read_form())))}
        target = request.environ.get("RAW_URI") or request.environ["REQUEST_URI"]
        url = f"{base_url(settings)}{target}"
        return any(_is_signed_with(token, url, joined) for token in tokens)
    except Exception as error:  # whatever a server raises for a body that is cut short
        log.info("the signature of a request cannot be checked: %s", type(error).__name__)
        return False


def unrecognised_reason() -> str | None:
    """Return what is unlike Twilio in the current voice request, in words; None if nothing.

    Twilio's signature joins the address, names and values without separators, so a signed request
    could be cut again into other parameters. The words hold no value, and no name but of letters.
    """
    parameters, query = request.values, request.args
    unknown = [
        name
        for name in sorted(parameters)
        if name not in TWILIO_PARAMETERS | OUR_PARAMETERS and not name.startswith(_SIP_HEADER)
    ]
    is_our_query = (
        query.keys() <= OUR_PARAMETERS
        and CallState.from_query(query) is not None
        and re.fullmatch("([0-9a-f]{64})?", query.get("call", "")) is not None
    )
    if not _CALL_SID.fullmatch(parameters.get("CallSid", "")):
        return "CallSid is missing, or not of Twilio's form"
    if not parameters.get("From") or not parameters.get("To"):
        return "From or To is missing"
    if any(len(values) > 1 for _, values in parameters.lists()):
        return "a parameter is repeated"
    if any("CallSid" in text for text in (request.path, *parameters.values())):
        return "CallSid is within the address or another value"
    if unknown:
        names = [name if re.fullmatch("[A-Za-z]{1,40}", name) else "..." for name in unknown[:5]]
        return f"unknown parameters: {', '.join(names)}"
    if request.method == "POST" and query and not is_our_query:
        return "the query is not one that this service writes"
    return None


@dataclass(frozen=True, slots=True)
class CallRequest:
    """What Twilio says of a call.

    ``call_key`` is what the log knows the call by; None without a right CallSid. ``called`` is in
    E.164, None otherwise. ``caller`` may be anything. ``called_digits`` and ``forwarded_from`` hold
    the digits of the number that was called and of every number that forwarded the call, in any
    form, with or without a country code.
    """

    call_key: str | None
    caller: str
    called: str | None
    called_digits: frozenset[str]
    forwarded_from: frozenset[str]
    has_ended: bool

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> "CallRequest":
        """Read Twilio's parameters. What is missing or malformed is left out."""
        sid, called = parameters.get("CallSid", ""), parameters.get("To", "")
        return cls(
            call_key=call_key(sid) if _CALL_SID.fullmatch(sid) else None,
            caller=parameters.get("From", ""),
            called=called if is_presentable(called) else None,
            called_digits=_numbers_in(called),
            forwarded_from=_numbers_in(
                *(parameters[name] for name in parameters if _FORWARDING_PARAMETER.fullmatch(name))
            ),
            has_ended=parameters.get("CallStatus", "") in ENDED_STATUSES,
        )

    def forwarding_lines(
        self, directory: Directory, day: date, state: CallState | None
    ) -> tuple[str, ...]:
        """Return the ids of the lines that forwarded the call here, by their numbers on ``day``.

        Those that an earlier request of the call named, by its ``state``, are among them.
        """
        earlier = state.forwarded if state else ()
        return tuple(
            line.id
            for line in directory.lines
            if line.id in earlier
            or any(is_excluded(p, self.forwarded_from) for p in (line.phone, line.phone_on(day)))
        )

    def excluded_numbers(
        self, directory: Directory, day: date, forwarded: Iterable[str] = ()
    ) -> frozenset[str]:
        """Return the numbers that would bring the call back on ``day``.

        They are the one that was called, those that forwarded the call to it, those of the lines
        with the ids in ``forwarded``, and those of every service.
        """
        services = (service.number.e164 for service in directory.services if service.number)
        lines = filter(None, map(directory.line, forwarded))
        phones = (phone.e164 for line in lines for phone in (line.phone, line.phone_on(day)))
        return frozenset((*self.called_digits, *self.forwarded_from, *services, *phones))

    def caller_id(self, line: Line, service: Service, policy: str) -> str | None:
        """Return the number that a line is shown; None for the caller's own.

        ``policy`` is the setting CALLER_ID. In place of the caller's it is the number that was
        called, or the service's. A screened line is somebody's own telephone: it never sees who
        rings.
        """
        if policy == "caller" and not line.press_1_to_accept and is_presentable(self.caller):
            return None
        return self.called or (service.number.e164 if service.number else None)


def is_presentable(number: str) -> bool:
    """Return whether a number can be shown as caller ID: E.164, possible, and not withheld.

    Networks reject calls from any other (Twilio's error 13214).
    """
    if number in WITHHELD_NUMBERS or not re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
        return False
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def _numbers_in(*values: str) -> frozenset[str]:
    """Return the digits of every telephone number in some parameters or SIP headers."""
    parts = (part for value in values for part in _NOT_IN_A_NUMBER.split(unquote(value)))
    numbers = (re.sub("[^0-9]", "", part) for part in parts)
    return frozenset(number for number in numbers if len(number) >= MIN_EXCLUDED_DIGITS)


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
