"""Monitoring: whether the service is alive and ready, and its metrics."""

import platform
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from routing import concurrency, config, health, lookup, rota_service
from routing.errors import DatabaseUnavailable
from routing.responses import has_bearer_token, problem
from routing.snapshot import Snapshot
from routing.store import calls, counters, db

NewGauge = Callable[..., Gauge]
"""Makes a gauge of a name, a help text and any labels."""

_DAY = timedelta(days=1)

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
        lines = [f"{condition.code}: {condition.text}" for condition in conditions]
        lines.insert(0, health.readiness(conditions))
        return _plain_text("".join(f"{line}\n" for line in lines))
    if concurrency.acquire(concurrency.RequestKind.READINESS):
        current_app.extensions["readiness"] = health.readiness(health.conditions())
    return _plain_text(f"{current_app.extensions.get('readiness', 'ready')}\n")


@bp.get("/metrics")
def metrics() -> Response:
    """Return the metrics, computed at each scrape. Needs the token."""
    if not has_bearer_token("OPS_TOKEN"):
        abort(problem(401, "Send Authorization: Bearer OPS_TOKEN; without one set this is shut."))
    return Response(generate_latest(_registry()), mimetype=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    registry, snapshot, at = CollectorRegistry(), lookup.snapshot(), lookup.now()

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"routing_{name}", text, labels, registry=registry)

    _set_build(gauge)
    _set_directory(gauge, snapshot)
    _set_diverts(gauge, at)
    _set_conditions(gauge)
    _set_decisions(gauge, snapshot, at)
    _set_calls(gauge, at)
    _set_rota(gauge, at)
    return registry


def _set_build(gauge: NewGauge) -> None:
    build = gauge("build_info", "1; what runs, and the migration it wants", "python", "migration")
    build.labels(platform.python_version(), db.latest_revision()).set(1)
    gauge("rehearsal", "1 when the clock is set for a rehearsal").set(lookup.is_rehearsal())


def _set_directory(gauge: NewGauge, snapshot: Snapshot) -> None:
    broken = gauge("directory_broken", "1 when the file is broken and the kept one answers")
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


def _set_diverts(gauge: NewGauge, at: datetime) -> None:
    reading = lookup.latest_diverts()
    gauge("database_up", "1 while the database answers").set(reading.fault is None)
    read_at = gauge("diverts_read_timestamp_seconds", "When this worker last read the diverts")
    read_at.set(reading.began)
    in_force = gauge("diverts_in_force", "Diverts in force, by service", "service")
    for divert in lookup.diverts():
        if at in divert.during:
            in_force.labels(divert.service).inc()


def _set_conditions(gauge: NewGauge) -> None:
    conditions = health.conditions()
    degraded = gauge("degraded", "1 while a condition degrades the service: wake somebody")
    degraded.set(health.readiness(conditions) == "degraded")
    warnings = gauge("warning", "Conditions in force, by code", "code")
    for condition in conditions:
        warnings.labels(condition.code).inc()


def _set_decisions(gauge: NewGauge, snapshot: Snapshot, at: datetime) -> None:
    answering = gauge("answering", "1 for the line that takes a service's calls", "service", "line")
    handover = gauge("handover_timestamp_seconds", "When that next changes", "service")
    for service in snapshot.directory.services:
        decision = lookup.who_to_call(service.id, at)
        until = decision.until.timestamp() if decision.until else float("inf")
        answering.labels(service.id, decision.line.id).set(1)
        handover.labels(service.id).set(until)


def _set_calls(gauge: NewGauge, at: datetime) -> None:
    """Set what became of the calls of the last day; nothing while the database is down."""
    disabled = config.telephony_disabled_reason(current_app.config)
    gauge("telephone_open", "1 while Twilio may ask").set(disabled is None)
    if not lookup.database().exists or lookup.latest_diverts().fault is not None:
        return
    ended = gauge("calls_last_day", "Calls of the last 24 hours", "service", "line", "outcome")
    missed = gauge("calls_unanswered_last_day", "Those that nobody answered", "service")
    refused = gauge("signatures_refused_last_day", "Requests that Twilio had not signed")
    faults = gauge("telephone_faults_last_day", "Calls and texts that met a fault of ours")
    try:
        with lookup.database().reading() as connection:
            counts = calls.counts(connection, at - _DAY, at + _DAY, at)
            refused.set(counters.count_since(connection, counters.SIGNATURE_REFUSED, at - _DAY))
            faults.set(counters.count_since(connection, counters.FAULTS, at - _DAY))
    except DatabaseUnavailable as error:
        current_app.logger.warning("no call in the metrics: %s", error)
        return
    for service in lookup.snapshot().directory.services:
        missed.labels(service.id).set(0)
    for (service_id, line, outcome), count in counts.items():
        ended.labels(service_id, line, outcome or "going_on").set(count)
        if calls.is_missed(outcome):
            missed.labels(service_id).inc(count)


def _set_rota(gauge: NewGauge, at: datetime) -> None:
    """Set the rota's gaps; nothing while the database is down or does not exist."""
    gaps = gauge("rota_gaps", "Gaps of the next 28 days, by rota role", "role")
    seconds = gauge("rota_gap_seconds", "How long those last, together", "role")
    missing = gauge("rota_people_missing", "How many people are missing now", "role")
    try:
        with lookup.database().reading() as connection:
            rota = rota_service.load_upcoming(connection, at)
    except DatabaseUnavailable as error:
        current_app.logger.warning("no rota in the metrics: %s", error)
        return
    gaps_ahead = rota.gaps(at, at + rota_service.GAP_LOOKAHEAD)
    for role in rota.roles:
        spans = [span for gap_role, span, _ in gaps_ahead if gap_role is role]
        gaps.labels(role.id).set(len(spans))
        seconds.labels(role.id).set(sum((span.end - span.start).total_seconds() for span in spans))
        missing.labels(role.id).set(rota.roster.staffing_at(role.id, at).missing)


def _plain_text(text: str) -> Response:
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store"})
