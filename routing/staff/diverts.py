"""Diverts: set, move or end them, each after a page that shows what callers will get."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import divert_rules, lookup
from routing.core.decision import Divert, decide
from routing.divert_rules import END_WARNING_PERIOD, HANDOVER
from routing.errors import InvalidDivert
from routing.staff.auth import (
    actor_names,
    current_account,
    radio_item,
    render_page,
    require_role,
    staff_blueprint,
)
from routing.staff.forms import DIVERT_REASONS, DivertForm, EndForm, digest, parse_id
from routing.store import diverts
from routing.store.accounts import Role
from routing.store.diverts import DivertRow
from routing.text import sentences, staff_text
from routing.text.dates import join_words
from routing.text.sentences import line_phrase

bp = staff_blueprint("diverts")

LINE_STATE_PERIOD = timedelta(days=7)
"""How far ahead the form says when a line opens or shuts."""

Description = tuple[str, str, tuple[str, ...]]
"""What callers get instead of what, what they read and hear, and remarks for staff."""


@dataclass(frozen=True, slots=True)
class DivertView:
    """A divert as a page shows it. ``state`` is one of: in force, later, no effect.

    ``trouble`` says why it has no effect.
    """

    id: int
    service: str
    line: str
    when: str
    until: str
    note: str
    set_by: str
    set_at: str
    state: str
    trouble: str
    ends_soon: bool


@bp.get("/diverts")
def index() -> Response:
    """Show the diverts that have not ended."""
    at = lookup.now()
    with lookup.database().reading() as connection:
        names = actor_names(connection)
    return render_page(
        "diverts.html",
        current=current_diverts(at),
        names=names,
        done=request.args.get("done"),
        callers_get=_callers_get(at),
    )


@bp.route("/diverts/new", methods=["GET", "POST"])
@require_role(Role.DIVERT)
def new() -> AnyResponse:
    """Ask what to divert, where, from when, until when and why.

    Show what callers would get; set it if that is confirmed.
    """
    at, facts = lookup.now(), lookup.snapshot()
    services = facts.directory.services
    handover = _next_handover(services[0].id, at)
    service = services[0].id if len(services) == 1 else ""
    form = DivertForm(service=service, until=HANDOVER if handover else "4h")
    if form.validate_on_submit():
        start = form.from_.data
        if start and form.shown.data:
            start = max(start, at)  # it may have come while the page was read
        with form.refusing(InvalidDivert):
            proposed = divert_rules.propose(
                facts.timetables,
                lookup.diverts(),
                form.service.data,
                form.line.data,
                start,
                form.until.data,
                form.may_ring.data,
                at,
            )
            note, rows = divert_rules.check_note(form.why), lookup.latest_diverts().diverts
            if page := _check(form, proposed, rows, at, note=note):
                return page
            actor = current_account().actor
            with lookup.database().writing() as connection:
                diverts.create(connection, proposed, note, at, actor, form.once.data)
            return redirect(url_for("diverts.index", done="set"))
    items = [radio_item(service.id, service.name.get("en")) for service in services]
    if len(items) > 1:
        items.insert(0, radio_item(divert_rules.ALL_SERVICES, "All of them"))
        handover = "Of each service"
    open_lines, shut_lines = _line_items()
    return render_page(
        "divert_form.html",
        form=form,
        services=items,
        open_lines=open_lines,
        shut_lines=shut_lines,
        unfold_shut_lines=not open_lines or form.line.data in [i["value"] for i in shut_lines],
        reasons=[radio_item(reason, reason) for reason in DIVERT_REASONS],
        handover=handover,
    )


@bp.route("/diverts/<id:divert_id>", methods=["GET", "POST"])
@require_role(Role.DIVERT)
def move(divert_id: int) -> AnyResponse:
    """Ask for another end of a divert; show what callers would get; save it if confirmed."""
    row, at = _get(divert_id), lookup.now()
    if row.during.end <= at:
        raise InvalidDivert("", "This divert has ended. Set a new one instead.")
    handover = _next_handover(row.service, max(row.during.start, at))
    form = EndForm(until=HANDOVER if handover else "4h")
    if form.validate_on_submit():
        with form.refusing(InvalidDivert):
            proposed = lookup.propose_new_end(row, form.until.data)
            if not form.shown.data or proposed.during.end != row.during.end:  # else a second tap
                if page := _check(form, [proposed], _others([divert_id]), at, moved=row):
                    return page
                _move_ends([divert_id], proposed.during.end)
            return redirect(url_for("diverts.index", done="moved"))
    (view,) = (view for view in current_diverts(at) if view.id == divert_id)
    return render_page("divert_move.html", form=form, divert=view, handover=handover)


@bp.route("/diverts/<id:divert_id>/end", methods=["GET", "POST"])
@bp.route("/diverts/end-all", methods=["GET", "POST"], endpoint="end_all")
@require_role(Role.DIVERT)
def end(divert_id: int | None = None) -> AnyResponse:
    """Show a divert, or all, and what callers get without; end those that were shown.

    All in one step. One set since then stays.
    """
    at = lookup.now()
    if request.method == "POST":
        _move_ends(filter(None, map(parse_id, request.form.getlist("divert"))), at)
    has_ended = divert_id is not None and _get(divert_id).during.end <= at
    if request.method == "POST" or has_ended:
        return redirect(url_for("diverts.index", done="ended"))
    ending = [view for view in current_diverts(at) if divert_id in (None, view.id)]
    timetables, names = lookup.snapshot().timetables, {view.service for view in ending}
    remaining = lookup.active_diverts(_others([view.id for view in ending]))
    return render_page(
        "divert_end.html",
        title=f"End the divert to {ending[0].line}" if divert_id else "End all diverts",
        ending=ending,
        after=[
            (
                name,
                staff_text.calls_go_to(
                    timetables, service.id, remaining, at, lookup.staff_locale()
                ),
            )
            for service in timetables.directory.services
            if (name := service.name.get("en")) in names
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
    rows = lookup.latest_diverts().diverts
    return divert_views([row for row in rows if row.during.end > at], at)


def divert_views(rows: Sequence[DivertRow], at: datetime) -> list[DivertView]:
    """Return diverts as they are at ``at``, the newest first.

    Of several at once, the newest that has an effect is in force. ``rows`` are in the order in
    which they were set, and all that are in force at ``at`` must be among them.
    """
    newest_rows = {
        row.service: row for row in rows if at in row.during and lookup.divert_error(row) is None
    }
    return [_view(row, at, newest_rows.get(row.service)) for row in reversed(rows)]


def _check(
    form: EndForm,
    proposed: Sequence[Divert],
    others: Sequence[DivertRow],
    at: datetime,
    moved: DivertRow | None = None,
    note: str = "",
) -> Response | None:
    """Return a page that shows what callers would get; None once just that was confirmed.

    What is the same for several services is shown once. The page holds the end as an instant; a
    handover is worked out again. ``others`` are the diverts that are set besides; those by
    colleagues count as shown, with their ends. ``moved`` is the divert that is given another end.
    """
    facts, locale = lookup.snapshot(), lookup.staff_locale()
    ends = [(divert.service, divert.line.id, divert.during.end) for divert in proposed]
    services, actor = {service_id for service_id, *_ in ends}, current_account().actor
    by_colleagues = [row for row in others if row.service in services and row.set_by != actor]
    seen = [(row.id, row.during.end) for row in (*by_colleagues, *([moved] if moved else []))]
    shown = digest(ends, seen)
    warnings = staff_text.closed_warnings(facts.timetables, proposed, at, locale)
    is_same = form.shown.data == shown
    if is_same and (form.although_closed.data or not warnings):
        return None
    names_by_description: dict[Description, list[str]] = {}
    for divert in proposed:
        name = staff_text.service_name(facts.directory, divert.service)
        description = _describe(divert, others, at, moved)
        names_by_description.setdefault(description, []).append(name)
    until = HANDOVER if form.until.choice == HANDOVER else proposed[0].during.end.isoformat()
    return render_page(
        "divert_check.html",
        status=400 if is_same else 200,
        previews=[
            (join_words(names, locale), *description)
            for description, names in names_by_description.items()
        ],
        warnings=warnings,
        hidden={**form.hidden(shown), "until": until},
        is_unconfirmed=is_same,
        has_changed=form.shown.data not in ("", shown),
        is_new=moved is None,
        note=note,
    )


def _describe(
    divert: Divert, others: Sequence[DivertRow], at: datetime, moved: DivertRow | None
) -> Description:
    """Return what callers get if a divert is set, or ``moved`` to its end, besides ``others``."""
    locale, facts = lookup.staff_locale(), lookup.snapshot()
    line, during = divert.line, divert.during
    earlier = [row for row in others if not moved or row.id < moved.id]
    later = [row for row in others if moved and row.id > moved.id]
    active = *lookup.active_diverts(earlier), divert, *lookup.active_diverts(later)
    decide_at = partial(decide, facts.timetables, divert.service)
    before = decide_at(during.start, lookup.active_diverts(others)).line
    decision, after = decide_at(during.start, active), decide_at(during.end, active).line
    instead, remarks = "Callers go on getting", []
    if before.id != line.id:
        replaced = line_phrase(before, locale)
        instead = f"Instead of {replaced}, callers get"
        if not moved:
            may = "will not" if divert.avoid else "may still"
            remarks.append(f"While it lasts, {replaced} {may} be rung when nobody else answers.")
    if moved and during.end < moved.during.end:
        less = staff_text.format_time_left(moved.during.end - during.end)
        set_for = staff_text.format_relative(moved.during.end, at, locale)
        remarks.append(
            f"That is {less} shorter than it is set for: it would have ended at {set_for}."
        )
    for row in others:
        if row.service == divert.service and row.during.overlaps(during):
            name = staff_text.line_name(facts.directory, row.line)
            when = staff_text.format_span(row.during, at, locale)
            effect = "takes precedence" if row in later else "has no effect until this one ends"
            remarks.append(f"The divert to {name}, {when}, {effect}.")
    length = staff_text.format_time_left(during.end - during.start)
    when = f"{staff_text.format_span(during, at, locale)} ({length})"
    then = "the same line" if after.id == line.id else line_phrase(after, locale)
    change = (
        f"{instead} {line_phrase(line, locale)} on {decision.phone.display} {when}, then {then}."
    )
    if decision.line.id != line.id:
        change = (
            f"This one lasts {when}, but callers go on getting "
            f"{line_phrase(decision.line, locale)}: the divert to it was set later."
        )
    callers_read = sentences.reason_sentence(decision, during.start, locale, facts.holidays.dates)
    return change, callers_read, tuple(remarks)


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


def _others(divert_ids: Collection[int]) -> list[DivertRow]:
    return [row for row in lookup.latest_diverts().diverts if row.id not in divert_ids]


def _view(row: DivertRow, at: datetime, newest: DivertRow | None) -> DivertView:
    locale, directory, end = lookup.staff_locale(), lookup.snapshot().directory, row.during.end
    state, trouble = "in force", lookup.divert_error(row) or ""
    if trouble:
        state = "no effect"
    elif at not in row.during:
        state = "later"
    elif newest is not None and newest.id != row.id:
        line = staff_text.line_name(directory, newest.line)
        state = "no effect"
        trouble = f"A divert to {line} was set later and takes precedence until it ends."
    return DivertView(
        id=row.id,
        service=staff_text.service_name(directory, row.service),
        line=staff_text.line_name(directory, row.line),
        when=staff_text.format_span(row.during, at, locale),
        until=staff_text.format_relative(end, at, locale),
        note=row.note,
        set_by=row.set_by,
        set_at=staff_text.format_relative(row.set_at, at, locale),
        state=state,
        trouble=trouble,
        ends_soon=at in row.during and end - at <= END_WARNING_PERIOD,
    )
