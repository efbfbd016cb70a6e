"""Monitoring: whether the service is alive and ready, and its metrics."""

import platform
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, current_app
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    disable_created_metrics,
    generate_latest,
)

from routing import concurrency, config, health, lookup, rota_service
from routing.errors import DatabaseUnavailable
from routing.responses import has_bearer_token, problem
from routing.rota_service import Rota
from routing.snapshot import Snapshot
from routing.store import calls, db

NewGauge = Callable[..., Gauge]
"""Makes a gauge of a name, a help text and any labels."""

SECURITY_TEXT_LIFETIME = timedelta(days=180)
"""How long security.txt says that it is right: RFC 9116 asks for less than a year."""

ROBOTS = "User-agent: *\nDisallow: /staff\nDisallow: /calendars/\nDisallow: /twilio/\n"

# A time for each counter, which would be that of the scrape.
disable_created_metrics()  # type: ignore[no-untyped-call]

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
    return Response(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


@bp.get("/robots.txt")
def robots() -> Response:
    """Let search engines list the public pages alone."""
    return Response(ROBOTS, mimetype="text/plain")


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


def _registry() -> CollectorRegistry:
    registry, snapshot, at = CollectorRegistry(), lookup.snapshot(), lookup.now()

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"routing_{name}", text, labels, registry=registry)

    _set_build(registry, gauge)
    _set_directory(gauge, snapshot)
    _set_diverts(gauge, at)
    _set_conditions(gauge, _set_rota(gauge, at))
    _set_decisions(gauge, snapshot, at)
    _set_calls(registry, gauge, at)
    return registry


def _set_build(registry: CollectorRegistry, gauge: NewGauge) -> None:
    labels = ("version", "python", "migration")
    info = Gauge(
        "who_to_call_info", "1; what runs, and the migration it wants", labels, registry=registry
    )
    info.labels(config.VERSION, platform.python_version(), db.latest_revision()).set(1)
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


def _set_conditions(gauge: NewGauge, upcoming: Rota | None) -> None:
    conditions = health.conditions(upcoming)
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


def _set_calls(registry: CollectorRegistry, gauge: NewGauge, at: datetime) -> None:
    """Set what became of the calls that ended today; nothing while the database is down.

    The counters are read from the database and begin again at midnight UTC, as if the service had
    been restarted: Prometheus's `rate` and `increase` allow for that.
    """
    disabled = config.telephony_disabled_reason(current_app.config)
    gauge("telephone_open", "1 while Twilio may ask").set(disabled is None)
    if not lookup.database().exists or lookup.latest_diverts().fault is not None:
        return
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        with lookup.database().reading() as connection:
            ended = calls.counts_of_ended(connection, midnight, at)
            refused = calls.count_since(connection, calls.SIGNATURE_REFUSED, midnight)
            faults = calls.count_since(connection, calls.FAULTS, midnight)
    except DatabaseUnavailable as error:
        current_app.logger.warning("no call in the metrics: %s", error)
        return

    def counter(name: str, text: str, *labels: str) -> Counter:
        return Counter(f"routing_{name}", text, labels, registry=registry)

    counter("signatures_refused", "Requests that Twilio had not signed").inc(refused)
    counter("telephone_faults", "Calls and texts that met a fault of ours").inc(faults)
    unanswered = counter("calls_unanswered", "Calls that ended unanswered", "service")
    by_outcome = counter("calls", "Calls that ended", "service", "line", "outcome")
    for service in lookup.snapshot().directory.services:
        unanswered.labels(service.id)
    for (service_id, line, outcome), count in ended.items():
        by_outcome.labels(service_id, line, outcome).inc(count)
        if calls.is_missed(outcome):
            unanswered.labels(service_id).inc(count)


def _set_rota(gauge: NewGauge, at: datetime) -> Rota | None:
    """Set the gaps of the rota, and return it; None while the database is down or not there."""
    gaps = gauge("rota_gaps", "Gaps of the next 28 days, by rota role", "role")
    seconds = gauge("rota_gap_seconds", "How long those last, together", "role")
    missing = gauge("rota_people_missing", "How many people are missing now", "role")
    try:
        with lookup.database().reading() as connection:
            rota = rota_service.load_upcoming(connection, at)
    except DatabaseUnavailable as error:
        current_app.logger.warning("no rota in the metrics: %s", error)
        return None
    gaps_ahead = rota.gaps(at, at + rota_service.GAP_LOOKAHEAD)
    for role in rota.roles:
        spans = [span for gap_role, span, _ in gaps_ahead if gap_role is role]
        gaps.labels(role.id).set(len(spans))
        seconds.labels(role.id).set(sum((span.end - span.start).total_seconds() for span in spans))
        missing.labels(role.id).set(rota.roster.staffing_at(role.id, at).missing)
    return rota


def _plain_text(text: str) -> Response:
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store"})
