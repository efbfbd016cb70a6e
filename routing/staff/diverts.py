"""Diverts: set, move or end them, each after a page that shows what callers will get."""

import dataclasses
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import divert_rules, lookup
from routing.core.decision import Divert, decide
from routing.divert_rules import END_WARNING_PERIOD, HANDOVER, ProposedDivert
from routing.errors import InvalidDivert
from routing.staff.auth import (
    actor_names,
    current_account,
    may_see_internal_numbers,
    radio_item,
    render_page,
    require_role,
    staff_blueprint,
)
from routing.staff.forms import DIVERT_REASONS, NOW, DivertForm, EndForm, parse_id
from routing.store import diverts
from routing.store.accounts import Role
from routing.store.diverts import DivertRow
from routing.text import sentences, staff_text
from routing.text.dates import format_datetime, join_words
from routing.text.sentences import line_phrase

bp = staff_blueprint("diverts")

MAX_ENDED_SHOWN = 20

LINE_STATE_PERIOD = timedelta(days=7)
"""How far ahead the form says when a line opens or shuts."""


@dataclass(frozen=True, slots=True)
class DivertView:
    """A divert as a page shows it. ``state`` is one of: in force, later, ended, no effect.

    ``phone`` is empty if its line is no more, or internal and not for the person signed in.
    ``trouble`` says why it has no effect. ``left`` is empty once it has ended.
    """

    id: int
    service: str
    line: str
    phone: str
    when: str
    until: str
    left: str
    note: str
    set_by: str
    set_at: str
    state: str
    trouble: str
    ends_soon: bool


@dataclass(frozen=True, slots=True)
class DivertPreview:
    """What diverts would do, in sentences: ``change`` is what callers get instead of what.

    ``closed_warning`` is empty unless the line is shut by its own hours in part of that time,
    ``unchanged_warning`` unless the line takes those calls anyway, all that time.
    """

    service: str
    change: str
    public_sentence: str
    closed_warning: str
    unchanged_warning: str
    remarks: tuple[str, ...]


@bp.get("/diverts")
def index() -> Response:
    """Show the diverts that have not ended, and the last ones that have."""
    at = lookup.now()
    with lookup.database().reading() as connection:
        ended = diverts.recently_ended(connection, at, MAX_ENDED_SHOWN)
        names = actor_names(connection)
    return render_page(
        "diverts.html",
        current=current_diverts(at),
        ended=divert_views(ended, at),
        names=names,
        done=request.args.get("done"),
        callers_get=_callers_get(at),
    )


@bp.get("/diverts/new")
@require_role(Role.DIVERT)
def new() -> Response:
    """Ask what to divert, where, from when, until when and why."""
    services = lookup.snapshot().directory.services
    service = services[0].id if len(services) == 1 else ""
    handover = _next_handover(services[0].id, lookup.now())
    return _ask(DivertForm(service=service, until=HANDOVER if handover else "4h"))


@bp.post("/diverts/check")
@require_role(Role.DIVERT)
def check() -> Response:
    """Show what callers would get."""
    form = DivertForm()
    if not form.validate():
        return _ask(form)
    try:
        proposed = _propose(form, form.service.data, form.from_.data, form.until.data)
    except InvalidDivert as error:
        return _ask(form, error)
    return _check(form, proposed, secrets.token_urlsafe(16))


@bp.post("/diverts")
@require_role(Role.DIVERT)
def create() -> AnyResponse:
    """Set what was checked, each divert until the end that was shown."""
    form = DivertForm()
    try:
        start = form.confirmed_start(lookup.now())
        proposed = [
            divert
            for service, end in form.confirmed_ends()
            for divert in _propose(form, service, start, end)
        ]
    except InvalidDivert as error:
        return _ask(form, error)
    newest_id, actor = parse_id(form.newest_id.data), current_account().actor
    services = {divert.service.id for divert in proposed}
    has_changed = newest_id is not None and any(
        row.id > newest_id and row.service in services and row.set_by != actor
        for row in lookup.latest_diverts().diverts
    )
    once = form.once.data
    if has_changed or not _confirms(form, _previews(form, proposed)):
        return _check(form, proposed, once, unconfirmed=not has_changed, has_changed=has_changed)
    added = [lookup.new_divert(divert, form.may_ring.data) for divert in proposed]
    with lookup.database().writing() as connection:
        diverts.create(connection, added, lookup.now(), actor, once)
    return redirect(url_for("diverts.index", done="set"))


@bp.route("/diverts/<id:divert_id>", methods=["GET", "POST"])
@require_role(Role.DIVERT)
def move(divert_id: int) -> AnyResponse:
    """Ask for another end of a divert, show what callers would get, and save it if confirmed."""
    row, at = _get(divert_id), lookup.now()
    if row.during.end <= at:
        raise InvalidDivert("", "This divert has ended. Set a new one instead.")
    handover = _next_handover(row.service, max(row.during.start, at))
    form = EndForm(until=HANDOVER if handover else "4h")
    is_confirmation = bool(form.to.data)
    if is_confirmation or form.validate_on_submit():
        try:
            until = form.confirmed_ends()[0][1] if is_confirmation else form.until.data
            proposed = lookup.propose_new_end(row, until)
        except InvalidDivert as error:
            form.refuse(error)
        else:
            previews = [_preview(proposed, _others(row), at, previous_end=row.during.end)]
            if is_confirmation and _confirms(form, previews):
                _move_ends([row.id], proposed.during.end)
                return redirect(url_for("diverts.index", done="moved"))
            return render_page(
                "divert_check.html",
                title="Check the new end",
                button="Change the end",
                action=request.path,
                back=url_for("diverts.index"),
                previews=previews,
                to=[f"{row.service} {proposed.during.end.isoformat()}"],
                hidden={},
                unconfirmed=is_confirmation,
            )
    return render_page("divert_move.html", form=form, divert=_view_of(row, at), handover=handover)


@bp.route("/diverts/<id:divert_id>/end", methods=["GET", "POST"])
@require_role(Role.DIVERT)
def end(divert_id: int) -> AnyResponse:
    """Show what callers get once a divert has ended; if that is confirmed, end it now."""
    row, at = _get(divert_id), lookup.now()
    if request.method == "POST":
        _move_ends([divert_id], at)
    if request.method == "POST" or row.during.end <= at:
        return redirect(url_for("diverts.index", done="ended"))
    after = _describe_without(row.service, _others(row), at)
    return render_page("divert_end.html", divert=_view_of(row, at), after=after)


@bp.route("/diverts/end-all", methods=["GET", "POST"])
@require_role(Role.DIVERT)
def end_all() -> AnyResponse:
    """Show all diverts, and what callers get without; if confirmed, end those that were shown.

    All in one step. One set since then stays.
    """
    at = lookup.now()
    if request.method == "POST":
        _move_ends(filter(None, map(parse_id, request.form.getlist("divert"))), at)
        return redirect(url_for("diverts.index", done="ended"))
    diverted = {row.service for row in lookup.latest_diverts().diverts if row.during.end > at}
    return render_page(
        "divert_end_all.html",
        current=current_diverts(at),
        after=[
            (service.name.get("en"), _describe_without(service.id, (), at))
            for service in lookup.snapshot().directory.services
            if service.id in diverted
        ],
    )


@bp.app_template_global("divert_banner")
def banner() -> dict[str, object] | None:
    """Return what every page says of the diverts that calls follow now; None without any.

    ``divert_id`` is None of several diverts.
    """
    views = [view for view in current_diverts(lookup.now()) if view.state == "in force"]
    if not views:
        return None
    whose, to = "All calls are", f"{views[0].line} until {views[0].until}"
    if len({(view.line, view.until) for view in views}) > 1:
        whose, to = "Calls are", " and ".join(dict.fromkeys(view.line for view in views))
    elif len(views) < len(lookup.snapshot().directory.services):
        whose = " and ".join(f"‘{view.service}’" for view in reversed(views)) + " is"
    return {
        "text": f"{whose} diverted to {to}.",
        "ends_soon": any(view.ends_soon for view in views),
        "divert_id": views[0].id if len(views) == 1 else None,
    }


def current_diverts(at: datetime) -> list[DivertView]:
    """Return the diverts that have not ended at ``at``, the newest first."""
    views = divert_views(lookup.latest_diverts().diverts, at)
    return [view for view in views if view.state != "ended"]


def divert_views(rows: Sequence[DivertRow], at: datetime) -> list[DivertView]:
    """Return diverts as they are at ``at``, the newest first.

    Of several at once, the newest that has an effect is in force. ``rows`` are in the order in
    which they were set, and all that could be in force at ``at`` must be among them.
    """
    newest_rows = {
        row.service: row for row in rows if at in row.during and lookup.divert_error(row) is None
    }
    return [_view(row, at, newest_rows.get(row.service)) for row in reversed(rows)]


def _ask(form: DivertForm, error: InvalidDivert | None = None) -> Response:
    if error:
        form.refuse(error)
    directory = lookup.snapshot().directory
    services = [radio_item(service.id, service.name.get("en")) for service in directory.services]
    handover = _next_handover(services[0]["value"], lookup.now())
    if len(services) > 1:
        handover = "Of each service"
        services.insert(0, radio_item(divert_rules.ALL_SERVICES, "All of them"))
    open_lines, shut_lines = _line_items()
    return render_page(
        "divert_form.html",
        form=form,
        services=services,
        open_lines=open_lines,
        shut_lines=shut_lines,
        unfold_shut_lines=not open_lines or form.line.data in [i["value"] for i in shut_lines],
        reasons=[radio_item(reason, reason) for reason in DIVERT_REASONS],
        handover=handover,
    )


def _check(
    form: DivertForm,
    proposed: Sequence[ProposedDivert],
    once: str,
    unconfirmed: bool = False,
    has_changed: bool = False,
) -> Response:
    rows, first = lookup.latest_diverts().diverts, proposed[0]
    return render_page(
        "divert_check.html",
        title="Check before you divert",
        button="Divert calls",
        action=url_for("diverts.create"),
        back=url_for("diverts.new"),
        status=400 if unconfirmed else 200,
        previews=_merge(_previews(form, proposed)),
        to=[f"{divert.service.id} {divert.during.end.isoformat()}" for divert in proposed],
        hidden={
            "once": once,
            "newest_id": str(max((row.id for row in rows), default=0)),
            "service": form.service.data,
            "line": first.line.id,
            "from": NOW if form.from_.choice == NOW else first.during.start.isoformat(),
            "until": form.until.choice,
            "note": first.note,
            "may_ring": "yes" if form.may_ring.data else "",
        },
        note=first.note,
        unconfirmed=unconfirmed,
        has_changed=has_changed,
    )


def _previews(form: DivertForm, proposed: Sequence[ProposedDivert]) -> list[DivertPreview]:
    rows, at = lookup.latest_diverts().diverts, lookup.now()
    return [_preview(divert, rows, at, form.may_ring.data) for divert in proposed]


def _merge(previews: Iterable[DivertPreview]) -> list[DivertPreview]:
    """Return each preview once, with all services of which it is true: a phone shows little."""
    services: dict[DivertPreview, list[str]] = {}
    for preview in previews:
        services.setdefault(dataclasses.replace(preview, service=""), []).append(preview.service)
    return [
        dataclasses.replace(preview, service=join_words(names, lookup.staff_locale()))
        for preview, names in services.items()
    ]


def _preview(
    proposed: ProposedDivert,
    others: Sequence[DivertRow],
    at: datetime,
    may_ring: bool | None = None,
    previous_end: datetime | None = None,
) -> DivertPreview:
    """Return what callers get if ``proposed`` is set at ``at``, after ``others``.

    ``may_ring`` is None, and ``previous_end`` is not, of a divert that is given another end.
    """
    locale, facts = lookup.staff_locale(), lookup.snapshot()
    service, line, during = proposed.service, proposed.line, proposed.during
    active = lookup.active_diverts(others)
    set_at = max([at, *(divert.set_at for divert in active)])
    diverts = (*active, Divert(service.id, line, during, set_at))
    before = decide(facts.timetables, service.id, during.start, active).line
    decision = decide(facts.timetables, service.id, during.start, diverts)
    after = decide(facts.timetables, service.id, during.end, diverts)
    unchanged_until = divert_rules.unchanged_until(facts.timetables, proposed, active)
    instead, remarks = "Callers go on getting", []
    if before.id != line.id:
        replaced = line_phrase(before, locale)
        instead = f"Instead of {replaced}, callers get"
        if may_ring is not None:
            may = "may still" if may_ring else "will not"
            remarks.append(f"While it lasts, {replaced} {may} be rung when nobody else answers.")
    if previous_end is not None and during.end < previous_end:
        less = staff_text.format_time_left(previous_end - during.end)
        set_for = staff_text.format_relative(previous_end, at, locale)
        remarks.append(
            f"That is {less} shorter than it is set for: it would have ended at {set_for}."
        )
    if unchanged_until is not None and unchanged_until < during.end:
        until, name = staff_text.format_relative(unchanged_until, at, locale), line.name.get("en")
        remarks.append(f"Until {until} nothing changes: {name} takes these calls anyway.")
    for row in others:
        if row.service == service.id and row.during.overlaps(during):
            name = staff_text.line_name(facts.directory, row.line)
            when = staff_text.format_span(row.during, at, locale)
            remarks.append(f"The divert to {name}, {when}, has no effect until this one ends.")
    when = staff_text.format_span(during, at, locale)
    length = staff_text.format_time_left(during.end - during.start)
    then = "the same line" if after.line.id == line.id else line_phrase(after.line, locale)
    closed_warning = unchanged_warning = ""
    if proposed.closed:
        closed_warning = staff_text.closed_warning(line, proposed.closed, at, locale)
    if unchanged_until == during.end:
        unchanged_warning = staff_text.unchanged_warning(line, service, during.end, at, locale)
    return DivertPreview(
        service=service.name.get("en"),
        change=f"{instead} {line_phrase(line, locale)} on {decision.phone.display} {when} "
        f"({length}), then {then}.",
        public_sentence=sentences.reason_sentence(
            decision, during.start, locale, facts.holidays.dates
        ),
        closed_warning=closed_warning,
        unchanged_warning=unchanged_warning,
        remarks=tuple(remarks),
    )


def _callers_get(at: datetime) -> str:
    """Say whom callers get at ``at``: "Callers get the MASH now."; by service where they differ."""
    services_by_line: dict[str, list[str]] = {}
    for service in lookup.snapshot().directory.services:
        line = line_phrase(lookup.who_to_call(service.id, at).line, lookup.staff_locale())
        services_by_line.setdefault(line, []).append(f"‘{service.name.get('en')}’")
    if len(services_by_line) == 1:
        return f"Callers get {next(iter(services_by_line))} now."
    return " ".join(
        f"About {' and '.join(services)} callers get {line} now."
        for line, services in services_by_line.items()
    )


def _describe_without(service_id: str, others: Iterable[DivertRow], at: datetime) -> str:
    timetables = lookup.snapshot().timetables
    if service_id not in timetables.services:
        return "The directory has no such service any more."
    return staff_text.calls_go_to(
        timetables, service_id, lookup.active_diverts(others), at, lookup.staff_locale()
    )


def _confirms(form: EndForm, previews: Sequence[DivertPreview]) -> bool:
    return all(
        (form.although_closed.data or not preview.closed_warning)
        and (form.although_unchanged.data or not preview.unchanged_warning)
        for preview in previews
    )


def _propose(
    form: DivertForm, service: str, start: datetime | None, end: datetime | timedelta | None
) -> list[ProposedDivert]:
    line, note, locale = form.line.data, form.why, lookup.staff_locale()
    timetables, at = lookup.snapshot().timetables, lookup.now()
    return divert_rules.propose(timetables, service, line, start, end, note, at, locale)


def _line_items() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return radio buttons of the lines that are open now, and of those shut, and until when."""
    locale, timetables, at = lookup.staff_locale(), lookup.snapshot().timetables, lookup.now()
    today, end = at.astimezone(locale.zone).date(), at + LINE_STATE_PERIOD
    items: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for line in timetables.directory.lines:
        if line.phone.is_emergency:
            continue  # no divert leads there
        spans = timetables.open_spans(line, at, end)
        is_open = bool(spans) and spans[0].start == at
        until = spans[0].end if is_open else spans[0].start if spans else end
        state = "Open" if is_open else "Shut"
        if until < end:
            state += f" until {staff_text.format_relative(until, at, locale)}"
        else:
            state += " day and night" if is_open else " all week"
        name = f"{line.name.get('en')}, {line.phone_on(today).display}"
        items[is_open].append(radio_item(line.id, name, state))
    return items[True], items[False]


def _next_handover(service_id: str, at: datetime) -> str:
    """Return in words when a service is next handed over; "" if that is too far for a divert."""
    timetables = lookup.snapshot().timetables
    if service_id not in timetables.services:
        return ""
    until = decide(timetables, service_id, at).until
    if until is None or until - at > divert_rules.MAX_DIVERT_DURATION:
        return ""
    return staff_text.format_relative(until, lookup.now(), lookup.staff_locale())


def _get(divert_id: int) -> DivertRow:
    with lookup.database().reading() as connection:
        return diverts.get(connection, divert_id)


def _move_ends(divert_ids: Iterable[int], end: datetime) -> None:
    at, actor = lookup.now(), current_account().actor
    with lookup.database().writing() as connection:
        for divert_id in divert_ids:
            diverts.move_end(connection, divert_id, end, at, actor)


def _others(row: DivertRow) -> list[DivertRow]:
    return [other for other in lookup.latest_diverts().diverts if other.id != row.id]


def _view_of(row: DivertRow, at: datetime) -> DivertView:
    rows = sorted([*_others(row), row], key=lambda divert: divert.id)
    return next(view for view in divert_views(rows, at) if view.id == row.id)


def _view(row: DivertRow, at: datetime, newest: DivertRow | None) -> DivertView:
    locale = lookup.staff_locale()
    directory = lookup.snapshot().directory
    line = directory.line(row.line)
    state, trouble = _state(row, at, newest)
    start, end, left = row.during.start, row.during.end, row.during.end - at
    phone, when = "", staff_text.format_span(row.during, at, locale)
    if line and (may_see_internal_numbers() or not line.internal):
        phone = line.phone_on(at.astimezone(locale.zone).date()).display
    if state == "ended":
        when = f"from {format_datetime(start, locale)} until {format_datetime(end, locale)}"
        when = "ended before it began" if start == end else when
    return DivertView(
        id=row.id,
        service=staff_text.service_name(directory, row.service),
        line=staff_text.line_name(directory, row.line),
        phone=phone,
        when=when,
        until=staff_text.format_relative(end, at, locale),
        left="" if state == "ended" else staff_text.format_time_left(left),
        note=row.note,
        set_by=row.set_by,
        set_at=staff_text.format_relative(row.set_at, at, locale),
        state=state,
        trouble=trouble,
        ends_soon=at in row.during and left <= END_WARNING_PERIOD,
    )


def _state(row: DivertRow, at: datetime, newest: DivertRow | None) -> tuple[str, str]:
    error = lookup.divert_error(row) or ""
    if row.during.end <= at:
        return "ended", error
    if error:
        return "no effect", error
    if at not in row.during:
        return "later", ""
    if newest is None or newest.id == row.id:
        return "in force", ""
    line = staff_text.line_name(lookup.snapshot().directory, newest.line)
    return "no effect", f"A divert to {line} was set later and takes precedence until it ends."
