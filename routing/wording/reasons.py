"""Why a service's calls go where they go, line by line: for staff who ask. In English."""

from datetime import datetime

from routing.core.directory import Line, Service
from routing.core.timetable import Timetables
from routing.wording.times import dated, day, ranges
from routing.wording.voice import Voice


def chain(
    service: Service,
    at: datetime,
    timetables: Timetables,
    voice: Voice,
    internal_numbers: bool = True,
) -> list[str]:
    """Say of each line of a service, in order, whether it is open at ``at`` and why.

    Without ``internal_numbers`` no number of an internal line is said.
    """
    said, taken = [], False
    for line in service.lines:
        is_open = timetables.is_open(line, at)
        verdict = "is open" if is_open else "is shut"
        if is_open:
            verdict += ": it takes the calls" if not taken else ", but a line before it is too"
        taken = taken or is_open
        hours = _hours(line, at, timetables, voice)
        if internal_numbers or not line.internal:
            hours += _other_number(line, at, voice)
        said.append(f"{line.name.in_('en')} {verdict}. {hours}")
    last = service.out_of_hours
    name = last.name.in_("en")
    if taken:
        said.append(f"{name} takes the calls whenever none of these is open.")
    else:
        said.append(f"{name} takes the calls, since none of these is open.")
    return said


def _hours(line: Line, at: datetime, timetables: Timetables, voice: Voice) -> str:
    """Say which hours a line keeps on the local date of ``at``, and what sets them."""
    on = at.astimezone(voice.zone).date()
    special, holiday = line.special_day_on(on), timetables.holidays.get(on)
    if special is not None:
        cause = f"special day, {special.name.in_('en')}"
    elif holiday is not None and line.hours.bank_holiday is not None:
        cause = f"bank holiday, {holiday.name}"
    else:
        cause = f"every {day(on, voice).partition(' ')[0]}"
        if holiday is not None:
            cause += f"; {holiday.name} makes no difference to this line"
    hours = ranges(line.ranges_on(on, timetables.holidays), voice)
    return f"Its hours on {dated(on, voice)}: {hours} ({cause})."


def _other_number(line: Line, at: datetime, voice: Voice) -> str:
    phone = line.phone_on(at.astimezone(voice.zone).date())
    return f" Its number on that date is {phone.display}." if phone != line.phone else ""
