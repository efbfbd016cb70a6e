"""What search engines read from a page: schema.org's ContactPoint and OpeningHoursSpecification.

Hours are dated for a year, and never say who answers now: a search engine keeps a page for weeks.
An entry for one date counts before those of the week. Closed is 00:00 to 00:00, and a close before
its open is on the next day (https://schema.org/OpeningHoursSpecification).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from routing.core.directory import ALL_DAY, MINUTES_PER_DAY, Line, Phone, Service, TimeRange
from routing.snapshot import Snapshot
from routing.text.dates import WEEKDAYS, exception_dates
from routing.text.locale import Locale

Json = dict[str, Any]

PERIOD = timedelta(days=365)


def contacts(facts: Snapshot, services: Iterable[Service], at: datetime, locale: Locale) -> Json:
    """Write the council with the numbers of ``services`` and their hours in the year from ``at``.

    A service with a number has that number alone; internal lines are never written.
    """
    directory = facts.directory
    year = _Year(facts, at.astimezone(locale.zone).date())
    points = [point for service in services for point in _points(service, year, locale)]
    return {
        "@context": "https://schema.org",
        "@type": "GovernmentOrganization",
        "name": directory.council.name.get(locale.language),
        "url": directory.council.website,
        "contactPoint": list({(each["name"], each["telephone"]): each for each in points}.values()),
    }


@dataclass(frozen=True, slots=True)
class _Year:
    """The year for which hours are written."""

    facts: Snapshot
    first: date

    def week(self, week: tuple[tuple[TimeRange, ...], ...]) -> Iterator[Json]:
        """Write the hours of a week, the days with the same range together."""
        for found in dict.fromkeys(each for ranges in week for each in ranges):
            days = [name for name, ranges in zip(WEEKDAYS, week, strict=True) if found in ranges]
            yield _hours(found, self.first, self.first + PERIOD, days)

    def days(self, line: Line, phone: Phone) -> Iterator[Json]:
        """Write each date on which a number of a line keeps other hours than the week's."""
        holidays = self.facts.holidays.dates
        for day in exception_dates(line, self.first, self.first + PERIOD, holidays):
            holds = line.phone_on(day) == phone
            if holds or phone == line.phone:
                ranges = line.ranges_on(day, holidays) if holds else ()
                yield from (_hours(each, day, day) for each in ranges or (TimeRange(0, 0),))


def _points(service: Service, year: _Year, locale: Locale) -> Iterator[Json]:
    name = service.name.get(locale.language)
    if service.number is not None:
        always = list(year.week((ALL_DAY,) * 7))
        yield _point(name, name, service.number, service.reachable[0].relay_uk, always, locale)
        return
    for line in service.reachable:
        special = (each.phone for each in line.special_days if each.phone is not None)
        for phone in dict.fromkeys((line.phone, *special)):
            hours = [*(year.week(line.hours.week) if phone == line.phone else ())]
            hours += year.days(line, phone)
            if hours:
                point = _point(
                    line.name.get(locale.language), name, phone, line.relay_uk, hours, locale
                )
                yield point | ({"email": line.email} if line.email else {})


def _point(
    name: str, about: str, phone: Phone, relay: bool, hours: list[Json], locale: Locale
) -> Json:
    return {
        "@type": "ContactPoint",
        "name": name,
        "contactType": about,
        "telephone": phone.e164,
        "availableLanguage": locale.language,
        **({"contactOption": "HearingImpairedSupported"} if relay else {}),
        "hoursAvailable": hours,
    }


def _hours(found: TimeRange, first: date, last: date, days: list[str] | None = None) -> Json:
    return {
        "@type": "OpeningHoursSpecification",
        **({"dayOfWeek": days} if days else {}),
        "opens": _clock(found.opens),
        # A whole day would read as closed: it ends a minute early.
        "closes": _clock(found.closes - (found.closes - found.opens == MINUTES_PER_DAY)),
        "validFrom": first.isoformat(),
        "validThrough": last.isoformat(),
    }


def _clock(minute: int) -> str:
    hour, past = divmod(minute % MINUTES_PER_DAY, 60)
    return f"{hour:02}:{past:02}"
