"""What must be asked of others: the public address, the fallback's host, and Twilio itself."""

from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urldefrag, urlsplit

import requests
from flask import current_app
from twilio.request_validator import RequestValidator

from routing import lookup
from routing.config import base_url
from routing.core.directory import Service
from routing.doctor.finding import Finding, doubt, fine, stops
from routing.doctor.here import clock
from routing.telephony import twiml

LONGEST = 10.0
"""Seconds that an answer may take: Twilio itself waits 15, unless it is told otherwise."""

CHECK = "/twilio/check"


def public_address() -> Iterator[Finding]:
    """Ask the public address as Twilio would, signed, and then with a forged signature."""
    base = base_url(current_app.config)
    tokens = [current_app.config[f"TWILIO_AUTH_TOKEN{n}"] for n in ("", "_2")]
    address = f"{base}{CHECK}"
    for token in filter(None, tokens):
        answer = _post(address, RequestValidator(token).compute_signature(address, {}))
        yield from _reached(address, answer)
        if isinstance(answer, str) or answer.status_code != 200:
            return
        yield from _clock(f"the service at {base}", answer)
    forged = _post(address, "forged")
    if isinstance(forged, str):
        yield doubt(f"Whether a forged signature is refused there is not known: {forged}")
    elif forged.status_code == 403:
        yield fine("A forged signature is refused there.")
    else:
        yield stops(
            f"A forged signature is answered {forged.status_code} at {address}, not 403: something "
            "before the service answers in its stead."
        )


def fallback(rehearsal: str | None) -> Iterator[Finding]:
    """See that what is hosted elsewhere is what this directory would make now."""
    where: str | None = current_app.config["TWILIO_FALLBACK_URL"]
    if where is None:
        yield doubt(
            "No TWILIO_FALLBACK_URL is set: while this service is down, callers hear that an "
            "application error has occurred. Host what `flask twilio fallback` prints elsewhere, "
            "give its address to Twilio and here ({service} in it stands for the service's id)."
        )
        return
    base = urlsplit(base_url(current_app.config))
    if urlsplit(where).hostname == base.hostname:
        yield stops(
            f"The fallback is at {where}, on the same host as the service: it is down when the "
            "service is. Host it elsewhere, as in a TwiML Bin."
        )
    directory = lookup.snapshot().directory
    day = lookup.now().astimezone(directory.zone).date()
    for service in _answering(directory.services):
        address = where.replace("{service}", service.id)
        yield _same(address, service, twiml.fallback(service, directory, day, rehearsal))


def account() -> Iterator[Finding]:
    """Ask Twilio whether each service's number asks here, and what to change where it does not."""
    given = current_app.config
    keys = ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_API_SECRET")
    missing = [key for key in keys if not given[key]]
    if missing:
        yield stops(f"Twilio cannot be asked: {', '.join(missing)} not set.")
        return
    base = f"{given['TWILIO_API_URL']}/2010-04-01/Accounts/{given['TWILIO_ACCOUNT_SID']}"
    for service in lookup.snapshot().directory.services:
        if service.number is None:
            continue
        yield from _number(service, service.number.e164, f"{base}/IncomingPhoneNumbers.json")


def _reached(address: str, answer: requests.Response | str) -> Iterator[Finding]:
    if isinstance(answer, str):
        yield stops(
            f"{address} cannot be reached from here: {answer} If it cannot be from outside either, "
            "no call is put through."
        )
    elif answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith(
        "text/xml"
    ):
        yield fine(f"{address} answers a request signed as Twilio signs.")
    elif answer.status_code == 403:
        yield stops(
            f"{address} refuses a request signed with this token: every call would be refused. "
            "Either the running service has another token (restart it), or a proxy changes the "
            "address: PUBLIC_BASE_URL must be what Twilio is told, path and port included, and the "
            "proxy must take that path away before it asks the service."
        )
    elif answer.status_code in (502, 503, 504):
        yield stops(
            f"{address} answers {answer.status_code}: behind what answers there the service is "
            "down, or has not been restarted since its token was set."
        )
    else:
        yield stops(
            f"{address} answers {answer.status_code} {answer.headers.get('Content-Type', '')}, not "
            "200 text/xml: it is not this service that answers there. Look at the proxy before it."
        )


def _same(address: str, service: Service, wanted: str) -> Finding:
    try:
        answer = requests.post(address, timeout=LONGEST)
        if answer.status_code in (403, 404, 405):  # a host of files alone
            answer = requests.get(address, timeout=LONGEST)
    except requests.RequestException as error:
        return stops(f"The fallback of '{service.id}' at {address} cannot be fetched: {error}.")
    kind = answer.headers.get("Content-Type", "")
    if answer.status_code != 200 or "xml" not in kind:
        return stops(
            f"The fallback of '{service.id}' at {address} is answered {answer.status_code} {kind}: "
            "Twilio needs 200 and text/xml."
        )
    if answer.text.split() != wanted.split():
        return stops(
            f"The fallback of '{service.id}' at {address} is out of date: it is not what this "
            f"directory says now. Replace it by what `flask twilio fallback {service.id}` prints."
        )
    return fine(f"The fallback of '{service.id}' at {address} is what this directory says.")


def _number(service: Service, e164: str, address: str) -> Iterator[Finding]:
    given = current_app.config
    try:
        answer = requests.get(
            address,
            params={"PhoneNumber": e164},
            auth=(given["TWILIO_API_KEY"], given["TWILIO_API_SECRET"]),
            timeout=LONGEST,
        )
        answer.raise_for_status()
        found = answer.json()["incoming_phone_numbers"]
    except (requests.RequestException, KeyError, ValueError) as error:
        yield stops(f"Twilio did not tell about {e164}: {error}.")
        return
    yield from _clock("Twilio", answer)
    if not found:
        yield stops(f"Twilio's account has no number {e164}, which '{service.id}' answers.")
        return
    wrong = list(_changes(service, found[0]))
    for change in wrong:
        yield stops(f"At Twilio, {e164}: {change}")
    if not wrong:
        yield fine(f"At Twilio, {e164} asks this service, and has its fallback.")


def _changes(service: Service, found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what to change at Twilio's, where a number is set up otherwise."""
    given = current_app.config
    base = base_url(given)
    for key, what in (("trunk_sid", "a SIP trunk"), ("voice_application_sid", "a TwiML App")):
        if found.get(key):
            yield f"it is answered by {what} ({found[key]}), not by a webhook. Take that away."
    wanted = {
        "voice_url": f"{base}/twilio/voice/{service.id}",
        "voice_method": "POST",
        "voice_fallback_url": (given["TWILIO_FALLBACK_URL"] or "").replace("{service}", service.id),
    }
    named = {
        "voice_url": "A call comes in: Webhook",
        "voice_method": "A call comes in: HTTP method",
        "voice_fallback_url": "Primary handler fails",
    }
    for key, right in wanted.items():
        has = urldefrag(str(found.get(key) or "")).url
        if right and has != right:
            yield f"{named[key]} is {has or 'not set'}. Set it to {right}"
    texts, right = found.get("sms_url"), f"{base}/twilio/sms/{service.id}"
    if texts and urldefrag(texts).url != right:
        yield f"A message comes in is {texts}. Set it to {right}"


def _clock(whose: str, answer: requests.Response) -> Iterator[Finding]:
    """Compare clocks by the Date of an answer, which not every server sends."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return
    if theirs.tzinfo is not None:
        yield clock(whose, theirs)


def _answering(services: tuple[Service, ...]) -> list[Service]:
    """Return the services that answer the telephone: those with a number, or else all."""
    return [each for each in services if each.number] or list(services)


def _post(address: str, signed: str) -> requests.Response | str:
    """Post nothing to an address; return what was wrong, in words, where nothing answers."""
    try:
        return requests.post(
            address,
            headers={"X-Twilio-Signature": signed},
            timeout=LONGEST,
            allow_redirects=False,
        )
    except requests.exceptions.SSLError:
        return "its certificate is not trusted, or there is no TLS."
    except requests.exceptions.Timeout:
        return f"it did not answer within {LONGEST:g} seconds."
    except requests.exceptions.ConnectionError:
        return "nothing answers there: the name is not known, or the connection is refused."
    except requests.RequestException as error:
        return f"{error}."
