"""What search engines read: dated hours for a year, never the answer of the moment."""

import json
import re
from bisect import bisect_left
from datetime import date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from conftest import ANYSHIRE, ROOT
from sweep import EXAMPLES, timetables

LONDON = ZoneInfo("Europe/London")
PATHS = [path for path in EXAMPLES if path != ANYSHIRE]


def structured(client, path="/"):
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', client.get(path).text)
    return json.loads(found[1])


def points(client, path="/"):
    return {each["telephone"]: each for each in structured(client, path)["contactPoint"]}


def read(specs, first, days):
    """Read hours as a search engine does: an entry for one date before those of the week."""
    found = []
    for day in (first + timedelta(days=count) for count in range(days)):
        valid = [s for s in specs if s["validFrom"] <= day.isoformat() <= s["validThrough"]]
        dated = [s for s in valid if "dayOfWeek" not in s]
        for each in dated or [s for s in valid if f"{day:%A}" in s["dayOfWeek"]]:
            if each["opens"] == each["closes"]:
                continue
            ends = day + timedelta(days=each["closes"] < each["opens"])
            found.append(
                tuple(
                    datetime.fromisoformat(f"{on} {clock}").replace(tzinfo=LONDON)
                    for on, clock in ((day, each["opens"]), (ends, each["closes"]))
                )
            )
    return sorted(found)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_day_of_a_year_reads_as_each_line_keeps_it(make_app, path):
    client, tables = make_app(path).test_client(), timetables(path)
    for service in (each for each in tables.services.values() if each.number is None):
        told = structured(client, f"/services/{service.id}")["contactPoint"]
        hours = {(each["name"], each["telephone"]): each["hoursAvailable"] for each in told}
        for line in service.reachable:
            name = line.name.get(tables.directory.languages[0])
            spans = read(hours[name, line.phone.e164], date(2026, 11, 23), 364)
            for day, clock in product(range(1, 363), CLOCKS):
                at = datetime.combine(date(2026, 11, 23) + timedelta(days=day), clock, LONDON)
                # On the two nights on which the clocks change schema.org has no words for it.
                if at.date() in (date(2027, 3, 28), date(2027, 10, 31)):
                    continue
                kept = tables.is_open(line, at) and line.phone_on(at.date()) == line.phone
                near = spans[bisect(spans, at) :][:12]
                assert any(start <= at < end for start, end in near) == kept, (line.id, at)


CLOCKS = [time(0, 7), time(1, 7), time(8, 37), time(9, 7), time(16, 37), time(17, 7), time(23, 37)]


def bisect(spans, at):
    """Return where to look for spans that may cover an instant: those begun two days before."""
    return bisect_left(spans, (at - timedelta(days=2), at))


def test_it_is_the_same_by_day_and_by_night(client, clock):
    by_day = structured(client)
    clock.set("2026-11-23T23:00:00Z")

    assert structured(client) == by_day


def test_hours_are_dated_for_the_coming_year(client):
    specs = points(client)["+441344352005"]["hoursAvailable"]
    week = [each for each in specs if "dayOfWeek" in each]

    assert week == [
        {
            "@type": "OpeningHoursSpecification",
            "dayOfWeek": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
            "opens": "08:30",
            "closes": "17:00",
            "validFrom": "2026-11-23",
            "validThrough": "2027-11-23",
        }
    ]


def test_a_bank_holiday_on_which_a_line_is_shut_is_a_dated_close(client):
    specs = points(client)["+441344352005"]["hoursAvailable"]

    assert {
        "@type": "OpeningHoursSpecification",
        "opens": "00:00",
        "closes": "00:00",
        "validFrom": "2026-12-25",
        "validThrough": "2026-12-25",
    } in specs


def test_a_service_with_a_number_has_that_number_alone_at_all_hours(anyshire):
    found = points(anyshire, "/services/children")

    assert list(found) == ["+441632960100"]
    assert [
        (len(each["dayOfWeek"]), each["opens"], each["closes"])
        for each in found["+441632960100"]["hoursAvailable"]
    ] == [(7, "00:00", "23:59")]


def test_a_number_for_a_few_days_stands_beside_the_usual_one_which_is_closed_then(anyshire):
    found = points(anyshire, "/services/professionals")
    festive = {each["validFrom"] for each in found["+441632960009"]["hoursAvailable"]}
    usual = {
        each["validFrom"]: (each["opens"], each["closes"])
        for each in found["+441632960001"]["hoursAvailable"]
        if "dayOfWeek" not in each
    }

    assert festive == {"2026-12-29", "2026-12-30", "2026-12-31"}
    assert {usual[day] for day in festive} == {("00:00", "00:00")}


def test_an_internal_line_is_never_told(anyshire):
    for path in ("/", "/services/professionals", "/contacts"):
        assert "+447700900001" not in points(anyshire, path)


def test_a_name_with_markup_in_it_cannot_end_the_script(make_app, tmp_path):
    path = tmp_path / "directory.yaml"
    text = (ROOT / "directory.yaml").read_text()
    path.write_text(text.replace("name: Worried about a child", 'name: "</script><b>x"'))
    page = make_app(path).test_client().get("/").text

    assert "</script><b>" not in page
