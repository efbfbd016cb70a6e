"""Monitoring: whether the service is alive and ready, and its metrics."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from routing import config, health, lookup, middleware
from routing.conditions import readiness
from routing.errors import DatabaseUnavailable
from routing.responses import has_bearer_token, problem
from routing.store import calls

SECURITY_TEXT_LIFETIME = timedelta(days=180)
"""How long security.txt says that it is right: RFC 9116 asks for less than a year."""

bp = Blueprint("operations", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """Return 200 while the process is alive."""
    return _plain_text("alive\n")


@bp.get("/readyz")
def readyz() -> Response:
    """Return ``ready`` or ``degraded``; with the token, every condition in words too.

    Without the token, requests that arrive while another is checking repeat the last result: a
    monitor is never refused, however many requests there are.
    """
    if has_bearer_token("OPS_TOKEN"):
        conditions = health.conditions()
        lines = [f"{condition.code}: {condition.text}\n" for condition in conditions]
        return _plain_text("".join([f"{readiness(conditions)}\n", *lines]))
    if middleware.acquire(middleware.RequestKind.READINESS):
        current_app.extensions["readiness"] = readiness(health.conditions())
    return _plain_text(f"{current_app.extensions.get('readiness', 'ready')}\n")


@bp.get("/metrics")
def metrics() -> Response:
    """Return the metrics, computed at each scrape. Needs the token."""
    if not has_bearer_token("OPS_TOKEN"):
        return problem(401, "Send Authorization: Bearer OPS_TOKEN; without one set this is shut.")
    registry = CollectorRegistry()
    registry.register(_Metrics())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


@bp.get("/robots.txt")
def robots() -> Response:
    """Let search engines list the public pages alone."""
    rules = "User-agent: *\nDisallow: /staff\nDisallow: /calendars/\nDisallow: /twilio/\n"
    return Response(rules, mimetype="text/plain")


@bp.get("/.well-known/security.txt")
def security_text() -> Response:
    """Say whom to tell of a weakness (RFC 9116): SECURITY_CONTACT, or the council's website."""
    settings, directory = current_app.config, lookup.snapshot().directory
    fields = {
        "Contact": settings["SECURITY_CONTACT"] or directory.council.website,
        "Expires": f"{lookup.now() + SECURITY_TEXT_LIFETIME:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages": ", ".join(directory.languages),
    }
    if settings["PUBLIC_BASE_URL"]:
        fields["Canonical"] = f"{config.base_url(settings)}/.well-known/security.txt"
    return _plain_text("".join(f"{name}: {value}\n" for name, value in fields.items()))


class _Metrics(Collector):
    """Every figure, read from the directory and the database as it is collected."""

    def collect(self) -> Iterator[Metric]:
        at = lookup.now()
        families = (GaugeMetricFamily, _gauges(at)), (CounterMetricFamily, _call_counters(at))
        for kind, figures in families:
            for name, text, values, *labels in figures:
                family = kind(name, text, labels=labels)
                for label_values, value in values.items():
                    family.add_metric(label_values, float(value))
                yield family


def _gauges(at: datetime) -> Iterator[tuple[Any, ...]]:
    conditions, answering, handovers = health.conditions(), {}, {}
    for service in lookup.snapshot().directory.services:
        decision = lookup.who_to_call(service.id, at)
        answering[service.id, decision.line.id] = 1
        handovers[(service.id,)] = decision.until.timestamp() if decision.until else float("inf")
    is_degraded = readiness(conditions) == "degraded"
    codes = Counter((condition.code,) for condition in conditions)
    yield "who_to_call_info", "1; what runs", {(config.VERSION,): 1}, "version"
    yield "routing_degraded", "1 while a condition degrades the service", {(): is_degraded}
    yield "routing_warning", "Conditions in force", codes, "code"
    yield "routing_answering", "1 for the line that takes calls", answering, "service", "line"
    yield "routing_handover_timestamp_seconds", "When that next changes", handovers, "service"


def _call_counters(at: datetime) -> Iterator[tuple[Any, ...]]:
    """Yield what became of the calls that ended today; nothing while the database is down.

    The counters are read from the database and begin again at midnight UTC, as if the service had
    been restarted: Prometheus's `rate` and `increase` allow for that.
    """
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        with lookup.database().reading() as connection:
            ended = calls.counts_of_ended(connection, midnight, at)
            refused = sum(calls.counted(connection, calls.SIGNATURE_REFUSED, midnight).values())
    except DatabaseUnavailable as error:
        current_app.logger.warning("no call in the metrics: %s", error)
        return
    unanswered = Counter({(service.id,): 0 for service in lookup.snapshot().directory.services})
    for (service_id, _, outcome), count in ended.items():
        if outcome in calls.MISSED:
            unanswered[(service_id,)] += count
    yield "routing_signatures_refused", "Requests that Twilio had not signed", {(): refused}
    yield "routing_calls_unanswered", "Calls that ended unanswered", unanswered, "service"
    yield "routing_calls", "Calls that ended", ended, "service", "line", "outcome"


def _plain_text(text: str) -> Response:
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store"})
