"""Alive, ready, metrics: for whoever keeps the service running."""

import platform
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from routing import concurrency, config, health, lookup, rota_service
from routing.errors import DatabaseUnavailable
from routing.public.api import has_bearer_token
from routing.responses import problem
from routing.snapshot import Snapshot
from routing.store import call_report, calls, counters, migrate

_DAY = timedelta(days=1)

bp = Blueprint("operations", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """Say that the process is alive."""
    return _plain("alive\n")


@bp.get("/readyz")
def readyz() -> Response:
    """Say ``ready`` or ``degraded``; with the token, every warning in words.

    Without it, of requests at the same time one looks, and the others repeat the last word: a
    monitor is never refused, whoever floods this address.
    """
    if has_bearer_token("OPS_TOKEN"):
        lines = [health.readiness(), *(f"{each.code}: {each.text}" for each in health.conditions())]
        return _plain("".join(f"{line}\n" for line in lines))
    if concurrency.acquire(concurrency.RequestKind.READINESS):
        current_app.extensions["readiness"] = health.readiness()
    return _plain(f"{current_app.extensions.get('readiness', 'ready')}\n")


@bp.get("/metrics")
def metrics() -> Response:
    """Tell the figures that matter, read at each scrape. Needs the token."""
    if not has_bearer_token("OPS_TOKEN"):
        abort(problem(401, "Send Authorization: Bearer OPS_TOKEN; without one set this is shut."))
    return Response(generate_latest(_registry()), mimetype=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    registry, facts, at = CollectorRegistry(), lookup.snapshot(), lookup.now()

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"routing_{name}", text, labels, registry=registry)

    _about(gauge, facts)
    broken = gauge("directory_broken", "1 when the file is broken and the kept one answers")
    broken.set(facts.kept_at is not None)
    loaded = gauge("directory_loaded_timestamp_seconds", "When this worker loaded the directory")
    loaded.set(facts.loaded_at.timestamp())
    gauge("rehearsal", "1 when the clock is set for a rehearsal").set(lookup.is_rehearsal())
    read = lookup.latest_diverts()
    gauge("database_up", "1 while the database answers").set(read.fault is None)
    when = gauge("diverts_read_timestamp_seconds", "When this worker last read the diverts")
    when.set(read.began)
    diverts = gauge("diverts_in_force", "Diverts in force, by service", "service")
    for divert in lookup.diverts():
        if at in divert.during:
            diverts.labels(divert.service).inc()
    warned = gauge("warning", "Warnings in force, by code", "code")
    for each in health.conditions():
        warned.labels(each.code).inc()
    answering = gauge("answering", "1 for the line that takes a service's calls", "service", "line")
    handover = gauge("handover_timestamp_seconds", "When that next changes", "service")
    for service in facts.directory.services:
        found = lookup.who_to_call(service.id, at)
        answering.labels(service.id, found.line.id).set(1)
        handover.labels(service.id).set(found.until.timestamp() if found.until else float("inf"))
    _calls(gauge, at)
    _rota(gauge, at)
    return registry


def _about(gauge: Callable[..., Gauge], facts: Snapshot) -> None:
    """Tell what runs here, whether all is well, and how old the bank holidays are."""
    about = gauge("build_info", "1; what runs, and the migration it wants", "python", "migration")
    about.labels(platform.python_version(), migrate.latest_revision()).set(1)
    degraded = gauge("degraded", "1 while a warning is serious: wake somebody")
    degraded.set(health.readiness() == "degraded")
    covered = gauge("bank_holidays_covered_through", "The last year that GOV.UK has published")
    covered.set(facts.holidays.covered_through)
    fetched = gauge(
        "bank_holidays_fetched_timestamp_seconds", "When GOV.UK's list was fetched; 0 never"
    )
    published = facts.holidays.published
    fetched.set(published.checked_at.timestamp() if published else 0)


def _calls(gauge: Callable[..., Gauge], at: datetime) -> None:
    """Tell what became of the calls of the last day; nothing while the database is down."""
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
            found = call_report.counts(connection, at - _DAY, at + _DAY, at)
            refused.set(counters.count_since(connection, counters.SIGNATURE_REFUSED, at - _DAY))
            faults.set(counters.count_since(connection, counters.FAULTS, at - _DAY))
    except DatabaseUnavailable as error:
        current_app.logger.warning("no call in the metrics: %s", error)
        return
    for service in lookup.snapshot().directory.services:
        missed.labels(service.id).set(0)
    for (service_id, line, outcome), count in found.items():
        ended.labels(service_id, line, outcome or "going_on").set(count)
        if outcome not in (calls.ANSWERED, None):
            missed.labels(service_id).inc(count)


def _rota(gauge: Callable[..., Gauge], at: datetime) -> None:
    """Tell the rota's gaps; nothing while the database is down or not made."""
    gaps = gauge("rota_gaps", "Gaps of the next 28 days, by rota role", "role")
    seconds = gauge("rota_gap_seconds", "How long those last, together", "role")
    missing = gauge("rota_people_missing", "How many people are missing now", "role")
    try:
        with lookup.database().reading() as connection:
            found = rota_service.load_upcoming(connection, at)
    except DatabaseUnavailable as error:
        current_app.logger.warning("no rota in the metrics: %s", error)
        return
    every = found.gaps(at, at + rota_service.GAP_LOOKAHEAD)
    for role in found.roles:
        spans = [span for of, span, _ in every if of is role]
        gaps.labels(role.id).set(len(spans))
        seconds.labels(role.id).set(sum((x.end - x.start).total_seconds() for x in spans))
        missing.labels(role.id).set(found.roster.on(role.id, at).missing)


def _plain(text: str) -> Response:
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store"})
