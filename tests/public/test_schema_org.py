"""What search engines read: hours with dates for a year, and never who answers now."""

import json
import re
from datetime import date, timedelta

import pytest
from conftest import ROOT
from sweep import timetables

PATHS = [ROOT / "examples" / f"{name}.yaml" for name in ("seasons", "sefton", "swansea", "walsall")]
KIND = {"@type": "OpeningHoursSpecification"}


def points(client, path="/"):
    match = re.search(r'<script type="application/ld\+json">(.*?)</script>', client.get(path).text)
    return json.loads(match[1])["contactPoint"]


def hours_on(specs, day):
    """Read hours as a search engine does: entries for one date before those of the week."""
    valid = [spec for spec in specs if spec["validFrom"] <= f"{day}" <= spec["validThrough"]]
    dated = [spec for spec in valid if "dayOfWeek" not in spec]
    day_specs = dated or [spec for spec in valid if f"{day:%A}" in spec["dayOfWeek"]]
    return {(spec["opens"], spec["closes"]) for spec in day_specs} - {("00:00", "00:00")}


def as_clock(minute):
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_day_of_a_year_has_the_hours_of_each_line_on_each_of_its_numbers(make_app, path):
    client, tables = make_app(path).test_client(), timetables(path)
    language = tables.directory.languages[0]
    for service in (service for service in tables.services.values() if service.number is None):
        hours = {
            (point["name"], point["telephone"]): point["hoursAvailable"]
            for point in points(client, f"/services/{service.id}")
        }
        for line in service.reachable:
            for day in (date(2026, 11, 23) + timedelta(days=count) for count in range(365)):
                for name, number in hours:
                    is_in_use = line.phone_on(day).e164 == number
                    ranges = line.ranges_on(day, tables.holidays) if is_in_use else ()
                    expected = {
                        (
                            as_clock(part.opens),
                            as_clock(part.closes - (part.closes - part.opens == 1440)),
                        )
                        for part in ranges
                    }
                    if name == line.name.get(language):
                        assert hours_on(hours[name, number], day) == expected, (number, day)


def test_the_data_is_the_same_by_day_and_by_night(client, clock):
    by_day = points(client)
    clock.set("2026-11-23T23:00:00Z")

    assert points(client) == by_day


def test_hours_are_dated_for_the_coming_year_with_an_entry_for_a_day_on_which_a_line_is_closed(
    client,
):
    [specs] = [
        point["hoursAvailable"] for point in points(client) if point["telephone"] == "+441344352005"
    ]

    assert [spec for spec in specs if "dayOfWeek" in spec] == [
        {
            **KIND,
            "dayOfWeek": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
            "opens": "08:30",
            "closes": "17:00",
            "validFrom": "2026-11-23",
            "validThrough": "2027-11-23",
        }
    ]
    christmas = {"validFrom": "2026-12-25", "validThrough": "2026-12-25"}
    assert {**KIND, "opens": "00:00", "closes": "00:00", **christmas} in specs


def test_a_service_with_a_number_has_that_number_alone_at_all_hours(anyshire):
    [point] = points(anyshire, "/services/children")

    assert point["telephone"] == "+441632960100"
    assert [
        (len(spec["dayOfWeek"]), spec["opens"], spec["closes"]) for spec in point["hoursAvailable"]
    ] == [(7, "00:00", "23:59")]
