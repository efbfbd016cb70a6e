"""What search engines read: hours with dates for a year, and never who answers now."""

import json
import re
from bisect import bisect_left
from datetime import date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from conftest import ROOT
from sweep import timetables

LONDON = ZoneInfo("Europe/London")
PATHS = [ROOT / "examples" / f"{name}.yaml" for name in ("seasons", "sefton", "swansea", "walsall")]


def structured(client, path="/"):
    match = re.search(r'<script type="application/ld\+json">(.*?)</script>', client.get(path).text)
    return json.loads(match[1])


def points(client, path="/"):
    return {point.get("telephone"): point for point in structured(client, path)["contactPoint"]}


def read(specs, first, days):
    """Read hours as a search engine does: an entry for one date before those of the week."""
    spans = []
    for day in (first + timedelta(days=count) for count in range(days)):
        valid = [s for s in specs if s["validFrom"] <= day.isoformat() <= s["validThrough"]]
        dated = [s for s in valid if "dayOfWeek" not in s]
        for spec in dated or [s for s in valid if f"{day:%A}" in s["dayOfWeek"]]:
            if spec["opens"] == spec["closes"]:
                continue
            ends = day + timedelta(days=spec["closes"] < spec["opens"])
            spans.append(
                tuple(
                    datetime.fromisoformat(f"{on} {clock}").replace(tzinfo=LONDON)
                    for on, clock in ((day, spec["opens"]), (ends, spec["closes"]))
                )
            )
    return sorted(spans)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_day_of_a_year_has_the_hours_of_each_line(make_app, path):
    client, timetable = make_app(path).test_client(), timetables(path)
    for service in (service for service in timetable.services.values() if service.number is None):
        points = structured(client, f"/services/{service.id}")["contactPoint"]
        hours = {
            (point["name"], point.get("telephone")): point["hoursAvailable"] for point in points
        }
        for line in service.reachable:
            name = line.name.get(timetable.directory.languages[0])
            spans = read(hours[name, line.phone.e164], date(2026, 11, 23), 364)
            for day, clock in product(range(1, 363), CLOCKS):
                at = datetime.combine(date(2026, 11, 23) + timedelta(days=day), clock, LONDON)
                # On the two nights on which the clocks change schema.org has no words for it.
                if at.date() in (date(2027, 3, 28), date(2027, 10, 31)):
                    continue
                is_open = timetable.is_open(line, at) and line.phone_on(at.date()) == line.phone
                near = spans[bisect(spans, at) :][:12]
                assert any(start <= at < end for start, end in near) == is_open, (line.id, at)


CLOCKS = [time(0, 7), time(1, 7), time(8, 37), time(9, 7), time(16, 37), time(17, 7), time(23, 37)]


def bisect(spans, at):
    """Return where to look for spans that may cover an instant: those begun two days before."""
    return bisect_left(spans, (at - timedelta(days=2), at))


def test_the_data_is_the_same_by_day_and_by_night(client, clock):
    by_day = structured(client)
    clock.set("2026-11-23T23:00:00Z")

    assert structured(client) == by_day


def test_hours_are_dated_for_the_coming_year_with_an_entry_for_a_day_on_which_a_line_is_closed(
    client,
):
    specs = points(client)["+441344352005"]["hoursAvailable"]
    kind = {"@type": "OpeningHoursSpecification"}
    closed = {"opens": "00:00", "closes": "00:00"}

    assert [spec for spec in specs if "dayOfWeek" in spec] == [
        {
            **kind,
            "dayOfWeek": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
            "opens": "08:30",
            "closes": "17:00",
            "validFrom": "2026-11-23",
            "validThrough": "2027-11-23",
        }
    ]
    assert {**kind, **closed, "validFrom": "2026-12-25", "validThrough": "2026-12-25"} in specs


def test_a_service_with_a_number_has_that_number_alone_at_all_hours(anyshire):
    contact_points = points(anyshire, "/services/children")

    assert list(contact_points) == ["+441632960100"]
    assert [
        (len(spec["dayOfWeek"]), spec["opens"], spec["closes"])
        for spec in contact_points["+441632960100"]["hoursAvailable"]
    ] == [(7, "00:00", "23:59")]


def test_a_number_for_a_few_days_is_listed_beside_the_usual_one_which_is_closed_then(anyshire):
    contact_points = points(anyshire, "/services/professionals")
    festive = {spec["validFrom"] for spec in contact_points["+441632960009"]["hoursAvailable"]}
    usual = {
        spec["validFrom"]: (spec["opens"], spec["closes"])
        for spec in contact_points["+441632960001"]["hoursAvailable"]
        if "dayOfWeek" not in spec
    }

    assert festive == {"2026-12-29", "2026-12-30", "2026-12-31"}
    assert {usual[day] for day in festive} == {("00:00", "00:00")}
