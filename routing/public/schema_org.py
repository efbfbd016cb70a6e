"""What search engines read from a page: schema.org's ContactPoint and OpeningHoursSpecification.

A search engine keeps a page for weeks, so hours carry dates for a year and nothing says who answers
now. An entry for one date overrides those of the week. Closed is 00:00 to 00:00, and a closing time
before the opening time is on the next day (https://schema.org/OpeningHoursSpecification).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from routing.core.directory import ALL_DAY, MINUTES_PER_DAY, Line, Phone, Service, TimeRange
from routing.snapshot import Snapshot
from routing.text.dates import WEEKDAYS, exception_dates
from routing.text.locale import Locale
from routing.text.sentences import other_way_label

Json = dict[str, Any]

PERIOD = timedelta(days=365)
ONE_DAY = timedelta(days=1)


def contacts(snapshot: Snapshot, services: Iterable[Service], at: datetime, locale: Locale) -> Json:
    """Return the council with the numbers of ``services``, and their hours for a year from ``at``.

    A service with a number has only that number, and 999 or 101 where one of them answers out of
    hours. Internal lines are left out.
    """
    council = snapshot.directory.council
    hours = _DatedHours(snapshot, at.astimezone(locale.zone).date())
    points = [point for service in services for point in _contact_points(service, hours, locale)]
    return {
        "@context": "https://schema.org",
        "@type": "GovernmentOrganization",
        "name": council.name.get(locale.language),
        "url": council.website,
        "contactPoint": list(
            {(point["name"], point.get("telephone")): point for point in points}.values()
        ),
    }


@dataclass(frozen=True, slots=True)
class _DatedHours:
    """Opening hours for the year from ``first``."""

    snapshot: Snapshot
    first: date

    @property
    def last(self) -> date:
        return self.first + PERIOD

    def of_line(self, line: Line) -> Iterator[Json]:
        """Yield the hours of a line's week, and of each season from its first date on."""
        edges = {self.first, self.last + ONE_DAY}
        for special_day in line.special_days:
            if special_day.is_season and any(special_day.dates(self.first, self.last)):
                begins, ends = special_day.first or self.first, special_day.last or self.last
                edges |= {max(begins, self.first), min(ends, self.last) + ONE_DAY}
        for first, following in pairwise(sorted(edges)):
            yield from self.of_week(line.week_on(first), first, following - ONE_DAY)

    def of_week(
        self, week: tuple[tuple[TimeRange, ...], ...], first: date, last: date
    ) -> Iterator[Json]:
        """Yield the hours of a week, one entry for the days with the same range."""
        for time_range in dict.fromkeys(time_range for ranges in week for time_range in ranges):
            days = [
                name for name, ranges in zip(WEEKDAYS, week, strict=True) if time_range in ranges
            ]
            yield _specification(time_range, first, last, days)

    def of_exceptions(self, line: Line, phone: Phone) -> Iterator[Json]:
        """Yield each date on which a number of ``line`` keeps other hours than its week's."""
        holidays = self.snapshot.holidays.dates
        for day in exception_dates(line, self.first, self.last, holidays):
            is_in_use = line.phone_on(day) == phone
            if is_in_use or phone == line.phone:
                ranges = line.ranges_on(day, holidays) if is_in_use else ()
                for time_range in ranges or (TimeRange(0, 0),):
                    yield _specification(time_range, day, day)


def _contact_points(service: Service, hours: _DatedHours, locale: Locale) -> Iterator[Json]:
    name, language = service.name.get(locale.language), locale.language
    if service.number is not None and service.is_always_on_its_number:
        always = list(hours.of_week((ALL_DAY,) * 7, hours.first, hours.last))
        relay_uk = service.reachable[0].relay_uk
        address: Json = {"telephone": service.number.e164}
        yield _contact_point(name, name, address, language, always, relay_uk)
        return
    for line in service.reachable:
        line_name = name if line.internal else line.name.get(language)
        other_phones = (day.phone for day in line.special_days if day.phone is not None)
        for phone in dict.fromkeys((line.phone, *other_phones)):
            available = list(hours.of_line(line)) if phone == line.phone else []
            available += hours.of_exceptions(line, phone)
            if available:
                shown = service.public_phone(phone)
                relay_uk = line.relay_uk and not shown.is_emergency
                address = {"telephone": shown.e164}
                point = _contact_point(line_name, name, address, language, available, relay_uk)
                yield point | ({"email": line.email} if line.email and not line.internal else {})
        for way in () if line.internal else line.also:
            way_name = f"{line_name}: {other_way_label(way, locale)}"
            address = {"telephone": way.phone.e164} if way.phone else {"url": way.url}
            spoken = {"welsh": "cy", "bsl": "bfi"}.get(way.kind, language)
            available = [*hours.of_line(line), *hours.of_exceptions(line, line.phone)]
            yield _contact_point(way_name, name, address, spoken, available)


def _contact_point(
    name: str,
    contact_type: str,
    address: Json,
    language: str,
    hours: list[Json],
    relay_uk: bool = False,
) -> Json:
    return {
        "@type": "ContactPoint",
        "name": name,
        "contactType": contact_type,
        **address,
        "availableLanguage": language,
        **({"contactOption": "HearingImpairedSupported"} if relay_uk else {}),
        "hoursAvailable": hours,
    }


def _specification(
    time_range: TimeRange, first: date, last: date, weekdays: list[str] | None = None
) -> Json:
    is_whole_day = time_range.closes - time_range.opens == MINUTES_PER_DAY
    return {
        "@type": "OpeningHoursSpecification",
        **({"dayOfWeek": weekdays} if weekdays else {}),
        "opens": _format_clock(time_range.opens),
        # A whole day would read as closed: it ends a minute early.
        "closes": _format_clock(time_range.closes - is_whole_day),
        "validFrom": first.isoformat(),
        "validThrough": last.isoformat(),
    }


def _format_clock(minute: int) -> str:
    hour, minutes = divmod(minute % MINUTES_PER_DAY, 60)
    return f"{hour:02}:{minutes:02}"
