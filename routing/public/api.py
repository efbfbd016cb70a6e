"""GET /api/v1/...: what the directory says, and who to call."""

from datetime import datetime, timedelta
from pathlib import Path

from flask import Blueprint, Response, current_app, g, jsonify, request

from routing import formats, lookup
from routing.core import instants
from routing.core.decision import timeline
from routing.core.directory import ring_seconds, send_digits
from routing.errors import InvalidTime
from routing.formats import SERVICES_PATH, Json
from routing.public.answer_cache import cacheable_response, cached_answer, render_answer
from routing.responses import has_bearer_token, problem
from routing.text import time_parsing

bp = Blueprint("api", __name__)

SEPARATORS = (",", ";", "-", "|")
"""What may stand between numbers. None is part of a number."""

MAX_TIMELINE = timedelta(days=400)
CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Date, Age, ETag",
}


@bp.before_request
def choose_language() -> None:
    """Use the language in ``?lang=``."""
    g.language = request.args.get("lang")


@bp.get(SERVICES_PATH)
def services() -> Response:
    """List every service."""
    services = lookup.snapshot().directory.services
    return _cacheable({"services": [formats.service_json(service) for service in services]})


@bp.get(f"{SERVICES_PATH}/<service>")
def service(service: str) -> Response:
    """Describe one service."""
    return _cacheable(formats.service_json(lookup.snapshot().timetables.service(service)))


@bp.get(f"{SERVICES_PATH}/<service>/decision")
def decision(service: str) -> Response:
    """Return who to call about a service, now or at ``?at=``."""
    at, locale = _requested_instant(), lookup.locale()

    def render() -> tuple[str, datetime | None]:
        decision = lookup.who_to_call(service, at)
        return _json(formats.decision_json(decision, at)), decision.until

    time = f'"at":"{formats.timestamp(at, locale)}"'
    if "at" in request.args:
        answer = render_answer(render, time)
    else:
        answer = cached_answer((SERVICES_PATH, service, locale.language), at, render, time)
    return cacheable_response(answer, at, "application/json")


@bp.get(f"{SERVICES_PATH}/<service>/number")
def number(service: str) -> Response:
    """Return the number to put a call through to: E.164 and a newline, or as JSON on request."""
    return _numbers(service, only_first_line=True)


@bp.get(f"{SERVICES_PATH}/<service>/numbers")
def numbers(service: str) -> Response:
    """Return the numbers to put a call through to, in the order to try, or as JSON on request.

    One a line; with ``?separator=`` in one line, with that between them and nothing after them,
    whatever the request accepts: not every contact centre can choose its headers.
    """
    separator = request.args.get("separator")
    if separator is not None and separator not in SEPARATORS:
        return problem(
            400,
            f"separator is {separator!r:.20}. Write one of {' '.join(SEPARATORS)} after "
            "?separator= or leave it out for one number a line.",
        )
    return _numbers(service, separator)


@bp.get(f"{SERVICES_PATH}/<service>/timeline")
def service_timeline(service: str) -> Response:
    """List every span from ``?from=`` to ``?to=``, up to 400 days: none where they are equal."""
    start, end = _instant_parameter("from"), _instant_parameter("to")
    if not start <= end <= start + MAX_TIMELINE:
        raise InvalidTime("'to' must not be before 'from', nor more than 400 days after it.")
    timetables, locale = lookup.snapshot().timetables, lookup.locale()
    lines: dict[tuple[str, str], formats.Json] = {}  # made once: the same few answer in turn
    spans = []
    for span, answer in timeline(timetables, service, start, end, lookup.diverts()):
        key = answer.line.id, answer.phone.display
        if key not in lines:
            lines[key] = formats.answer_json(timetables.service(service), answer)
        reason = answer.reason.code.value
        spans.append({**formats.span_json(span, locale), "line": lines[key], "reason": reason})
    return _cacheable({"service": service, "spans": spans, "language": locale.language})


@bp.get("/api/v1/lines")
def lines() -> Response:
    """List every public line: its hours as written, and as spans for 14 days from today."""
    locale = lookup.locale()
    today = lookup.now().astimezone(locale.zone).date()
    midnight = instants.midnight(today, locale.zone)
    lines = [
        formats.public_line_json(line, midnight)
        for line in lookup.snapshot().directory.lines
        if not line.internal
    ]
    return _cacheable({"lines": lines, "language": locale.language})


@bp.get("/api/v1/bank-holidays")
def bank_holidays() -> Response:
    """List the bank holidays in force, their source, and the last year covered."""
    return _cacheable(formats.bank_holidays_json())


@bp.get("/openapi.json")
def openapi() -> Response:
    """Describe this API, as OpenAPI 3.1."""
    text = Path(__file__).with_name("openapi.json").read_text("utf-8")
    return Response(text, mimetype="application/json")


@bp.after_request
def add_cors_headers(response: Response) -> Response:
    """Let pages of any website read answers and their age."""
    response.headers.extend(CORS_HEADERS)
    return response


@bp.errorhandler(InvalidTime)
def invalid_time(error: InvalidTime) -> Response:
    """Return a 400 that says what to write instead."""
    return problem(400, str(error))


def _requested_instant() -> datetime:
    text = request.args.get("at")
    return lookup.now() if text is None else time_parsing.parse_rfc3339(text)


def _instant_parameter(name: str) -> datetime:
    if name not in request.args:
        raise InvalidTime(f"'{name}' is missing. Write ?{name}=2026-12-24T00:00:00Z.")
    return time_parsing.parse_rfc3339(request.args[name])


def _json(body: Json) -> str:
    return f"{current_app.json.dumps(body, separators=(',', ':'))}\n"


def _cacheable(body: Json) -> Response:
    answer = render_answer(lambda: (_json(body), None))
    return cacheable_response(answer, lookup.now(), "application/json")


def _numbers(service: str, separator: str | None = None, only_first_line: bool = False) -> Response:
    """Return the numbers to ring as text, or as JSON; internal lines need a token.

    The number of a service is none of them: by it the call would come back.
    """
    lookup.read_diverts(max_age=0)
    at, services = _requested_instant(), lookup.snapshot().directory.services
    decision = lookup.who_to_call(service, at)
    own_numbers = [other.number.e164 for other in services if other.number]
    order = lookup.dial_order(decision, at, own_numbers)
    answers = [
        answer for answer in order if not only_first_line or answer.line.id == decision.line.id
    ]
    if any(answer.line.internal for answer in answers) and not has_bearer_token("EXCHANGE_TOKEN"):
        return problem(401, "An internal line answers: send Authorization: Bearer EXCHANGE_TOKEN.")
    if not answers:
        detail = "callers ring 999 or 101 themselves, or the call would come back."
        return problem(404, f"No number can be rung now: {detail}")
    if separator is None and _prefers_json():
        numbers = [
            {
                "e164": answer.phone.e164,
                "line": answer.line.id,
                "ring_seconds": ring_seconds(answer.line, answer == order[-1]),
                "send_digits": send_digits(answer.line, answer.phone),
            }
            for answer in answers
        ]
        until = decision.until and formats.timestamp(decision.until, lookup.locale())
        reason = decision.reason.code.value
        response = jsonify(service=service, numbers=numbers, until=until, reason=reason)
    else:
        texts = [answer.phone.e164 for answer in answers]
        text = separator.join(texts) if separator else "\n".join([*texts, ""])
        response = Response(text, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


def _prefers_json() -> bool:
    """Return whether the request names JSON and does not prefer text."""
    accepted = request.accept_mimetypes
    json_qualities = (
        quality
        for media_type, quality in accepted
        if media_type.partition(";")[0].strip().lower() == "application/json"
    )
    return 0 < max(json_qualities, default=0) >= accepted["text/plain"]
