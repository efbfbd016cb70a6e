"""Liveness, readiness and metrics, for whoever keeps the service running."""

import platform
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from routing import concurrency, config, health, lookup, rota_service
from routing.errors import DatabaseUnavailable
from routing.health import Condition
from routing.public.api import has_bearer_token
from routing.responses import problem
from routing.snapshot import Snapshot
from routing.store import call_report, calls, migrate

_DAY = timedelta(days=1)

_Gauges = Callable[..., Gauge]

bp = Blueprint("operations", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """Say that the process is alive."""
    return _plain("alive\n")


@bp.get("/readyz")
def readyz() -> Response:
    """Say ``ready`` or ``degraded``; with the token, every condition too.

    Without it, only one request at a time looks, and the others repeat its answer: a monitor is
    never refused, however many ask.
    """
    if has_bearer_token("OPS_TOKEN"):
        conditions = health.conditions()
        lines = [f"{condition.code}: {condition.text}\n" for condition in conditions]
        return _plain("".join([f"{health.readiness(conditions)}\n", *lines]))
    if concurrency.acquire(concurrency.RequestKind.READINESS):
        current_app.extensions["readiness"] = health.readiness(health.conditions())
    return _plain(f"{current_app.extensions.get('readiness', 'ready')}\n")


@bp.get("/metrics")
def metrics() -> Response:
    """Return the metrics, read at each scrape. Needs the token."""
    if not has_bearer_token("OPS_TOKEN"):
        abort(problem(401, "Send Authorization: Bearer OPS_TOKEN; without one set this is shut."))
    return Response(generate_latest(_registry()), mimetype=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    registry, snapshot, at = CollectorRegistry(), lookup.snapshot(), lookup.now()

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"routing_{name}", text, labels, registry=registry)

    _service(gauge, health.conditions())
    _directory_and_holidays(gauge, snapshot)
    _diverts(gauge, at)
    _decisions(gauge, snapshot, at)
    _calls(gauge, snapshot, at)
    _rota(gauge, at)
    return registry


def _service(gauge: _Gauges, conditions: Collection[Condition]) -> None:
    """Tell what runs here, and every condition."""
    build = gauge("build_info", "1; what runs, and the migration it wants", "python", "migration")
    build.labels(platform.python_version(), migrate.LATEST_REVISION).set(1)
    degraded = gauge("degraded", "1 while a condition makes the service degraded: wake somebody")
    degraded.set(health.readiness(conditions) == "degraded")
    warning = gauge("warning", "Conditions in force, by code", "code")
    for condition in conditions:
        warning.labels(condition.code).inc()
    gauge("rehearsal", "1 when the clock is set for a rehearsal").set(lookup.is_rehearsal())
    disabled = config.telephony_disabled_reason(current_app.config)
    gauge("telephone_open", "1 while Twilio may ask").set(disabled is None)


def _directory_and_holidays(gauge: _Gauges, snapshot: Snapshot) -> None:
    broken = gauge("directory_broken", "1 when the file is broken and the last good copy answers")
    broken.set(snapshot.kept_at is not None)
    loaded = gauge("directory_loaded_timestamp_seconds", "When this worker loaded the directory")
    loaded.set(snapshot.loaded_at.timestamp())
    covered = gauge("bank_holidays_covered_through", "The last year that GOV.UK has published")
    covered.set(snapshot.holidays.covered_through)
    fetched = gauge(
        "bank_holidays_fetched_timestamp_seconds", "When GOV.UK's list was fetched; 0 never"
    )
    published = snapshot.holidays.published
    fetched.set(published.checked_at.timestamp() if published else 0)


def _diverts(gauge: _Gauges, at: datetime) -> None:
    reading = lookup.latest_diverts()
    gauge("database_up", "1 while the database answers").set(reading.fault is None)
    read_at = gauge("diverts_read_timestamp_seconds", "When this worker last read the diverts")
    read_at.set(reading.began)
    in_force = gauge("diverts_in_force", "Diverts in force, by service", "service")
    for divert in lookup.diverts():
        if at in divert.during:
            in_force.labels(divert.service).inc()


def _decisions(gauge: _Gauges, snapshot: Snapshot, at: datetime) -> None:
    answering = gauge("answering", "1 for the line that takes a service's calls", "service", "line")
    handover = gauge("handover_timestamp_seconds", "When that next changes", "service")
    for service in snapshot.directory.services:
        decision = lookup.who_to_call(service.id, at)
        answering.labels(service.id, decision.line.id).set(1)
        until = decision.until.timestamp() if decision.until else float("inf")
        handover.labels(service.id).set(until)


def _calls(gauge: _Gauges, snapshot: Snapshot, at: datetime) -> None:
    """Tell what became of the calls of the last day; nothing while the database is down."""
    if not lookup.database().exists or lookup.latest_diverts().fault is not None:
        return
    ended = gauge("calls_last_day", "Calls of the last 24 hours", "service", "line", "outcome")
    missed = gauge("calls_unanswered_last_day", "Those that nobody answered", "service")
    refused = gauge("signatures_refused_last_day", "Requests that Twilio had not signed")
    faults = gauge("telephone_faults_last_day", "Calls and texts that met a fault of this service")
    try:
        with lookup.database().reading() as connection:
            counts = call_report.counts(connection, at - _DAY, at + _DAY, at)
            refused.set(calls.count_since(connection, calls.SIGNATURE_REFUSED, at - _DAY))
            faults.set(calls.count_since(connection, calls.FAULTS, at - _DAY))
    except DatabaseUnavailable as error:
        current_app.logger.warning("no calls in the metrics: %s", error)
        return
    for service in snapshot.directory.services:
        missed.labels(service.id).set(0)
    for (service_id, line, outcome), count in counts.items():
        ended.labels(service_id, line, outcome or "going_on").set(count)
        if outcome not in (calls.ANSWERED, None):
            missed.labels(service_id).inc(count)


def _rota(gauge: _Gauges, at: datetime) -> None:
    """Tell the rota's gaps; nothing while the database is down or not made."""
    gaps = gauge("rota_gaps", "Gaps of the next 28 days, by rota role", "role")
    seconds = gauge("rota_gap_seconds", "How long those last, together", "role")
    missing = gauge("rota_people_missing", "How many people are missing now", "role")
    try:
        with lookup.database().reading() as connection:
            rota = rota_service.load_upcoming(connection, at)
    except DatabaseUnavailable as error:
        current_app.logger.warning("no rota in the metrics: %s", error)
        return
    upcoming = rota.gaps(at, at + rota_service.GAP_LOOKAHEAD)
    for role in rota.roles:
        spans = [span for gap_role, span, _ in upcoming if gap_role is role]
        gaps.labels(role.id).set(len(spans))
        seconds.labels(role.id).set(sum((span.end - span.start).total_seconds() for span in spans))
        missing.labels(role.id).set(rota.roster.on(role.id, at).missing)


def _plain(text: str) -> Response:
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store"})
