"""Bank holidays against GOV.UK's published list, which is an independent source."""

from codecs import BOM_UTF8
from datetime import UTC, date, datetime

import govuk_feed
import pytest

from routing import bank_holidays
from routing.bank_holidays import (
    DIVISIONS,
    FIRST_YEAR,
    LAST_YEAR,
    build_calendar,
    package_holidays,
    refresh,
)
from routing.core.directory import BankHoliday, HolidayRules
from routing.errors import InvalidBankHolidays

PUBLISHED = govuk_feed.events()


def dates(division="england-and-wales", **rules):
    return build_calendar(HolidayRules(division, **rules)).dates


@pytest.mark.parametrize("division", DIVISIONS)
def test_dates_names_and_substitutes_are_those_that_gov_uk_published(division):
    published = {
        date.fromisoformat(event["date"]): BankHoliday(
            event["title"], event["notes"] == "Substitute day"
        )
        for event in PUBLISHED[division]["events"]
        if event["date"] >= "2013"
    }
    ours = {day: holiday for day, holiday in dates(division).items() if 2013 <= day.year <= 2028}

    assert ours == published


@pytest.mark.parametrize("division", DIVISIONS)
def test_every_year_is_filled_at_once_and_a_weekend_day_is_never_listed(division):
    assert not [day for day in dates(division) if day.weekday() >= 5]
    assert {day.year for day in dates(division)} == set(range(FIRST_YEAR, LAST_YEAR + 1))


def test_what_the_directory_adds_and_removes_comes_last():
    removed, listed, saturday = date(2027, 5, 31), date(2027, 12, 27), date(2027, 6, 5)
    own = ((listed, "Christmas, by proclamation"), (saturday, "Coronation"))

    assert removed in dates()
    holidays = dates(remove=frozenset({removed, saturday}), add=own)
    assert removed not in holidays
    assert holidays[listed] == BankHoliday("Christmas, by proclamation")
    assert holidays[saturday] == BankHoliday("Coronation")


def test_when_1_january_is_a_sunday_scotland_has_3_january_for_it():
    holidays = dates("scotland")

    assert holidays[date(2034, 1, 2)] == BankHoliday("2nd January")
    assert holidays[date(2034, 1, 3)] == BankHoliday("New Year’s Day", substitute=True)


@pytest.mark.parametrize(
    ("day", "assumed"), [(date(2028, 12, 31), False), (date(2029, 1, 1), True)]
)
def test_after_the_published_years_a_date_is_assumed(day, assumed):
    assert build_calendar(HolidayRules("scotland")).is_assumed(day) is assumed


AT = datetime(2026, 11, 23, 6, tzinfo=UTC)
RULES = HolidayRules("england-and-wales")
NEW = date(2026, 12, 2)


def refresh_copy(folder, feed, at=AT, **options):
    return refresh(folder, feed.url, at, timeout=1.0, **options)[1]


def in_force(folder, rules=RULES):
    return build_calendar(rules, bank_holidays.load_copy(folder))


def test_a_new_holiday_is_in_force_by_its_name(tmp_path, feed):
    refresh_copy(tmp_path, feed)
    feed.send(govuk_feed.added(govuk_feed.events(), NEW.isoformat(), "Proclaimed"))
    refresh_copy(tmp_path, feed)
    holidays = in_force(tmp_path)

    assert holidays.dates[NEW] == BankHoliday("Proclaimed")
    assert holidays.dates[date(2026, 12, 28)] == BankHoliday("Boxing Day", substitute=True)
    assert (holidays.published.url, holidays.published.checked_at) == (feed.url, AT)


def test_a_year_that_the_list_has_is_as_it_has_it_and_any_other_as_the_package_has_it(
    tmp_path, feed
):
    recent = govuk_feed.events()
    for division in recent.values():
        division["events"] = [event for event in division["events"] if event["date"] >= "2026"]
    feed.send(govuk_feed.added(recent, NEW.isoformat(), "Proclaimed"))
    refresh_copy(tmp_path, feed)
    holidays, ours = in_force(tmp_path), package_holidays("england-and-wales")

    assert holidays.years_published == {2026, 2027, 2028}
    assert NEW in holidays.dates
    for year in (2025, 2029):
        assert {d: h for d, h in holidays.dates.items() if d.year == year} == {
            d: h for d, h in ours.items() if d.year == year
        }


def test_a_year_that_gov_uk_adds_is_published_through_that_year(tmp_path, feed):
    longer = govuk_feed.events()
    for division, part in longer.items():
        part["events"] += [
            {"title": holiday.name, "date": day.isoformat(), "notes": "", "bunting": True}
            for day, holiday in sorted(package_holidays(division).items())
            if day.year == 2029
        ]
    feed.send(longer)
    refresh_copy(tmp_path, feed)

    assert in_force(tmp_path).covered_through == 2029
    assert not in_force(tmp_path).is_assumed(date(2029, 12, 31))


def changed(change):
    """Return what sends the list with the events of England and Wales changed."""

    def send(feed):
        published = govuk_feed.events()
        change(published["england-and-wales"]["events"])
        feed.send(published)

    return send


def sends(**response):
    """Return what sends another response: its body, status, headers or pauses."""
    return lambda feed: vars(feed).update(response)


def without_2026(events):
    events[:] = [event for event in events if event["date"][:4] != "2026"]


LIST = govuk_feed.LIST.read_bytes()
REFUSED = {
    "truncated": (sends(body=LIST[:-40]), "EOF|JSON"),
    "cut short": (sends(headers={"Content-Length": "99999"}), "fetched"),
    "404": (sends(status=404), "404"),
    "slow": (sends(trickle=0.2), "whole list after 1 second"),
    "HTML": (sends(body=b"<!doctype html><p>Sorry"), "doctype"),
    "too large": (sends(body=b"[" + b" " * 1_100_000), "bytes"),
    "no division": (sends(body=b'{"scotland": {"events": []}}'), "england-and-wales"),
    "no dates": (changed(list.clear), "events"),
    "a date as a number": (changed(lambda events: events[-1].update(date=20281226)), "date"),
    "a year that cannot be": (
        *(changed(lambda events: events[-1].update(date="2208-12-26")), "from 1999 to 2100"),
    ),
    "a name missing": (changed(lambda events: events[-1].pop("title")), "title"),
    "a date missing": (
        lambda feed: feed.send(govuk_feed.without(govuk_feed.events(), "2027-12-27")),
        r"7 dates in 2027, not 8 \(missing: 2027-12-27\)",
    ),
    "a year missing": (changed(lambda events: events.__delitem__(slice(-8, None))), "0 dates in"),
    "this year missing": (changed(without_2026), "nothing is listed for 2026"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_the_list_is_refused_and_the_copy_stays(tmp_path, feed, name):
    send, message = REFUSED[name]
    good = dict(vars(feed))
    for has_copy in (False, True):
        vars(feed).update(good)
        if has_copy:
            refresh_copy(tmp_path, feed)
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        send(feed)

        with pytest.raises(InvalidBankHolidays, match=message):
            refresh_copy(tmp_path, feed)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


ODDITIES = {
    "twice": lambda events: events.append(events[-1]),
    "null": lambda events: events[-1].update(notes=None),
    "without notes": lambda events: events[-1].pop("notes"),
    "white space": lambda events: events[-1].update(title=" Boxing Day\n", notes="Substitute day "),
    "another key": lambda events: events[-1].update(colour="red"),
    "out of order": lambda events: events.reverse(),
    "notes as a number": lambda events: events[0].update(notes=0),
    "midnight": lambda events: events[0].update(date=f" {events[0]['date']}T00:00:00.000Z"),
}


@pytest.mark.parametrize("name", ODDITIES)
def test_a_harmless_oddity_changes_no_date(tmp_path, feed, name):
    changed(ODDITIES[name])(feed)
    feed.body = BOM_UTF8 + feed.body
    refresh_copy(tmp_path, feed)

    assert in_force(tmp_path).dates.keys() == build_calendar(RULES).dates.keys()


def test_one_date_of_a_year_ahead_is_in_force_beside_the_usual_ones(tmp_path, feed):
    feed.send(govuk_feed.added(govuk_feed.events(), "2029-06-04", "Jubilee"))
    refresh_copy(tmp_path, feed)

    assert in_force(tmp_path).covered_through == 2028
    assert {date(2029, 6, 4), date(2029, 12, 25)} <= in_force(tmp_path).dates.keys()


def test_a_holiday_that_is_withdrawn_goes_only_when_somebody_accepts_it(tmp_path, feed):
    feed.send(govuk_feed.added(govuk_feed.events(), NEW.isoformat(), "Proclaimed"))
    refresh_copy(tmp_path, feed)
    feed.send(govuk_feed.events())
    with pytest.raises(InvalidBankHolidays, match="--accept-fewer"):
        refresh_copy(tmp_path, feed)
    assert NEW in in_force(tmp_path).dates

    refresh_copy(tmp_path, feed, accept_fewer=True)
    assert NEW not in in_force(tmp_path).dates


def test_past_years_may_be_missing(tmp_path, feed):
    refresh_copy(tmp_path, feed)
    changed(lambda events: events.__delitem__(slice(0, 30)))(feed)
    refresh_copy(tmp_path, feed)

    assert min(in_force(tmp_path).years_published) > 2012


def test_an_address_that_does_not_answer_is_named_in_the_error(tmp_path, feed):
    with pytest.raises(InvalidBankHolidays, match=r"http://127\.0\.0\.1:1/ could not be fetched"):
        refresh(tmp_path, "http://127.0.0.1:1/", AT)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path, feed):
    (tmp_path / "file").write_text("")

    with pytest.raises(InvalidBankHolidays, match="cannot be written"):
        refresh_copy(tmp_path / "file" / "instance", feed)


def test_a_broken_copy_is_an_error_and_replaced_by_the_next_list(tmp_path, feed):
    bank_holidays.copy_path(tmp_path).write_text("{")
    with pytest.raises(InvalidBankHolidays, match="refresh"):
        bank_holidays.load_copy(tmp_path)

    refresh_copy(tmp_path, feed)
    assert bank_holidays.load_copy(tmp_path).feed == bank_holidays.parse(feed.body)
