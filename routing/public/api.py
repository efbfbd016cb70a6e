"""GET /api/v1/...: what the directory says, and who to call."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request

from routing import lookup
from routing.core import instants
from routing.core.answer import Answer, Decision
from routing.core.decision import timeline
from routing.errors import InvalidTime, UnknownService
from routing.formats import json
from routing.public.answer_cache import AnswerCache, render_answer
from routing.responses import make_cacheable, problem
from routing.text import time_parsing
from routing.text.locale import Locale

bp = Blueprint("api", __name__)

SERVICES = "/api/v1/services"
MAX_TIMELINE = timedelta(days=400)
CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Date, Age, ETag",
}


@bp.get(SERVICES)
def services() -> Response:
    """List every service."""
    facts, locale = lookup.snapshot(), _locale()
    found = [json.service(each, locale, SERVICES) for each in facts.directory.services]
    return cached({"services": found})


@bp.get(f"{SERVICES}/<service>")
def service(service: str) -> Response:
    """Tell one service."""
    found = lookup.snapshot().timetables.service(service)
    return cached(json.service(found, _locale(), SERVICES))


@bp.get(f"{SERVICES}/<service>/decision")
def decision(service: str) -> Response:
    """Say who to call about a service, now or at ``?at=``."""
    at, locale = requested_instant(), _locale()

    def render() -> tuple[str, datetime | None]:
        decision = lookup.who_to_call(service, at)
        body = json.decision(decision, at, lookup.snapshot(), locale, lookup.is_rehearsal())
        return f"{current_app.json.dumps(body, separators=(',', ':'))}\n", decision.until

    time = f'"at":"{json.timestamp(at, locale)}"'
    if "at" in request.args:
        rendered = render_answer(time, render)
    else:
        cache: AnswerCache = current_app.extensions["answer_cache"]
        rendered = cache.get((SERVICES, service, locale.language), at, time, render)
    response = Response(rendered.text, mimetype="application/json")
    response.headers["Content-Language"] = locale.language
    return make_cacheable(response, rendered.tag, rendered.until, at)


@bp.get(f"{SERVICES}/<service>/number")
def number(service: str) -> Response:
    """Say which number an exchange should ring: E.164 and a newline, nothing else."""
    found, _ = _decided(service)
    return _plain([found])


@bp.get(f"{SERVICES}/<service>/numbers")
def numbers(service: str) -> Response:
    """Say which numbers an exchange should ring, one a line, in the order to try."""
    return _plain(lookup.dial_order(*_decided(service)))


@bp.get(f"{SERVICES}/<service>/timeline")
def service_timeline(service: str) -> Response:
    """List every span from ``?from=`` to ``?to=``, 400 days at most."""
    start, end = _instant("from"), _instant("to")
    if not start < end <= start + MAX_TIMELINE:
        raise InvalidTime("'to' must be after 'from', by 400 days at most.")
    timetables, locale = lookup.snapshot().timetables, _locale()
    found = timeline(timetables, service, start, end, lookup.diverts())
    spans = json.timeline(found, timetables.service(service), locale)
    return cached({"service": service, "spans": spans})


@bp.get("/api/v1/lines")
def lines() -> Response:
    """List every public line with its hours as written and as spans for 14 days."""
    facts, locale, at = lookup.snapshot(), _locale(), lookup.now()
    start = at.astimezone(locale.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    found = [
        json.public_line(each, facts.timetables, instants.as_utc(start), locale)
        for each in facts.directory.lines
        if not each.internal
    ]
    return cached({"lines": found})


@bp.get("/api/v1/bank-holidays")
def bank_holidays() -> Response:
    """List the bank holidays in force, their source, and the last year covered."""
    return cached(json.bank_holidays(lookup.snapshot()))


@bp.get("/openapi.json")
def openapi() -> Response:
    """Describe all of the above, as OpenAPI 3.1."""
    return Response(_openapi(), mimetype="application/json")


@cache
def _openapi() -> str:
    return Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")


@bp.after_request
def add_cors_headers(response: Response) -> Response:
    """Let any page read the answers, and see how old they are."""
    response.headers.extend(CORS_HEADERS)
    return response


@bp.errorhandler(InvalidTime)
def bad_time(error: InvalidTime) -> Response:
    """Say what to write instead."""
    return problem(400, str(error))


@bp.errorhandler(UnknownService)
def unknown_service(error: UnknownService) -> Response:
    """List the services that there are."""
    return problem(404, str(error), services=list(error.known))


def requested_instant() -> datetime:
    """Return the instant that ``?at=`` names, or now. Raise InvalidTime."""
    if not request.environ.get("QUERY_STRING") or "at" not in request.args:
        return lookup.now()
    return time_parsing.parse_rfc3339(request.args["at"])


def cached(body: dict[str, Any]) -> Response:
    """Return ``body`` with an ETag over it, to be cached for 10 s at most."""
    response = jsonify(body)
    response.headers["Content-Language"] = _locale().language
    tag = hashlib.sha256(response.get_data()).hexdigest()[:20]
    return make_cacheable(response, tag, None, lookup.now())


def _instant(name: str) -> datetime:
    if name not in request.args:
        raise InvalidTime(f"'{name}' is missing. Write ?{name}=2026-12-24T00:00:00Z.")
    return time_parsing.parse_rfc3339(request.args[name])


def _locale() -> Locale:
    return lookup.locale(request.args.get("lang"))


def _decided(service: str) -> tuple[Decision, datetime]:
    """Decide with the diverts of now, as an exchange rings whom it is told; return when, too."""
    lookup.read_diverts(max_age=0)
    at = requested_instant()
    return lookup.who_to_call(service, at), at


def _plain(answers: Sequence[Answer | Decision]) -> Response:
    """Tell the numbers, one a line; those of internal lines only to whoever has the token."""
    if any(answer.line.internal for answer in answers) and not has_bearer_token("EXCHANGE_TOKEN"):
        abort(problem(401, "An internal line answers: send Authorization: Bearer EXCHANGE_TOKEN."))
    text = "".join(f"{answer.phone.e164}\n" for answer in answers)
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store"})


def has_bearer_token(setting: str) -> bool:
    """Say whether the request carries the token of that setting. Without one set, never."""
    token: str | None = current_app.config.get(setting)
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if not token or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.strip().encode(), token.encode())
