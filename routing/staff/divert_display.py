"""Diverts as staff read them: those that are set, and what one would change before it is set."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import g

from routing import divert_rules, lookup
from routing.core.decision import Divert, decide
from routing.divert_rules import END_WARNING_PERIOD, ProposedDivert
from routing.store.accounts import Account, Role
from routing.store.diverts import DivertRow
from routing.text import sentences, staff_text
from routing.text.dates import format_datetime
from routing.text.sentences import line_phrase


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

    @property
    def in_force(self) -> bool:
        """Return whether calls follow it now."""
        return self.state == "in force"

    @property
    def is_open(self) -> bool:
        """Return whether it can still be ended."""
        return self.state != "ended"


@dataclass(frozen=True, slots=True)
class DivertBanner:
    """What every page says while calls are diverted. ``divert_id`` is None of several diverts."""

    text: str
    ends_soon: bool
    divert_id: int | None


@dataclass(frozen=True, slots=True)
class DivertPreview:
    """What a divert would do, in sentences: ``change`` is what callers get instead of what.

    ``closed_warning`` is empty unless the line is shut by its own hours in part of that time.
    ``unchanged_warning`` is empty unless the line takes those calls anyway, all that time.
    ``remarks`` are sentences on what is easily missed: an end that is earlier than before, when
    nothing changes at first, each divert that has no effect until this one ends, and whether the
    line that it replaces is rung.
    """

    service: str
    change: str
    public_sentence: str
    closed_warning: str
    unchanged_warning: str
    remarks: list[str]


def banner(at: datetime) -> DivertBanner | None:
    """Return what every page says of the diverts that calls follow at ``at``; None without any."""
    views = [view for view in current_diverts(at) if view.in_force]
    if not views:
        return None
    ends_soon, first = any(view.ends_soon for view in views), views[0]
    if len({(view.line, view.until) for view in views}) > 1:
        lines = " and ".join(dict.fromkeys(view.line for view in views))
        return DivertBanner(f"Calls are diverted to {lines}.", ends_soon, None)
    whose = "All calls are"
    if len(views) < len(lookup.snapshot().directory.services):
        whose = " and ".join(f"‘{view.service}’" for view in reversed(views)) + " is"
    text = f"{whose} diverted to {first.line} until {first.until}."
    return DivertBanner(text, ends_soon, first.id if len(views) == 1 else None)


def current_diverts(at: datetime) -> list[DivertView]:
    """Return the diverts that have not ended at ``at``, the newest first."""
    return [view for view in divert_views(lookup.latest_diverts().diverts, at) if view.is_open]


def divert_views(rows: Sequence[DivertRow], at: datetime) -> list[DivertView]:
    """Return diverts as they are at ``at``, the newest first.

    Of several at once, the newest that has an effect is in force. ``rows`` are in the order in
    which they were set, and all that could be in force at ``at`` must be among them.
    """
    newest_rows = {
        row.service: row for row in rows if at in row.during and lookup.divert_error(row) is None
    }
    return [_view(row, at, newest_rows.get(row.service)) for row in reversed(rows)]


def may_see_internal_numbers() -> bool:
    """Return whether the person signed in may see internal lines' numbers, to divert to them."""
    account: Account | None = g.get("account")
    return account is not None and account.may(Role.DIVERT)


def preview(
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
        before_phrase = line_phrase(before, locale)
        instead = f"Instead of {before_phrase}, callers get"
        if may_ring is not None:
            may = "may still" if may_ring else "will not"
            remarks.append(
                f"While it lasts, {before_phrase} {may} be rung when nobody else answers."
            )
    if previous_end is not None and during.end < previous_end:
        less = staff_text.format_time_left(previous_end - during.end)
        set_for = staff_text.format_relative(previous_end, at, locale)
        remarks.append(
            f"That is {less} shorter than it is set for: it would have ended at {set_for}."
        )
    if unchanged_until is not None and unchanged_until < during.end:
        until = staff_text.format_relative(unchanged_until, at, locale)
        remarks.append(
            f"Until {until} nothing changes: {line.name.get('en')} takes these calls anyway."
        )
    for row in others:
        if row.service == service.id and row.during.overlaps(during):
            other_line = staff_text.line_name(facts.directory, row.line)
            other_period = staff_text.format_span(row.during, at, locale)
            remarks.append(
                f"The divert to {other_line}, {other_period}, has no effect until this one ends."
            )
    return DivertPreview(
        service=service.name.get("en"),
        change=f"{instead} {line_phrase(line, locale)} on {decision.phone.display} "
        f"{staff_text.format_span(during, at, locale)} "
        f"({staff_text.format_time_left(during.end - during.start)}), then "
        f"{'the same line' if after.line.id == line.id else line_phrase(after.line, locale)}.",
        public_sentence=sentences.reason_sentence(
            decision, during.start, locale, facts.holidays.dates
        ),
        closed_warning=staff_text.closed_warning(line, proposed.closed, at, locale)
        if proposed.closed
        else "",
        unchanged_warning=staff_text.unchanged_warning(line, service, during.end, at, locale)
        if unchanged_until == during.end
        else "",
        remarks=remarks,
    )


def callers_get(at: datetime) -> str:
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


def describe_without(service_id: str, others: Iterable[DivertRow], at: datetime) -> str:
    """Return where a service's calls go at ``at`` once only ``others`` are left of its diverts."""
    timetables = lookup.snapshot().timetables
    if service_id not in timetables.services:
        return "The directory has no such service any more."
    return staff_text.calls_go_to(
        timetables, service_id, lookup.active_diverts(others), at, lookup.staff_locale()
    )


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
    """Return a divert's state, and why it has no effect."""
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
