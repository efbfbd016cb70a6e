"""The oracle's bank holidays. Its decisions agree with those that tests/core works out by hand."""

from datetime import date

import pytest
from oracle import Oracle, lawful_holidays, published_holidays

DIVISIONS = ("england-and-wales", "scotland", "northern-ireland")
MOVED = {"2012-05-28": "2012-06-04", "2020-05-04": "2020-05-08", "2022-05-30": "2022-06-02"}
EXTRA = {"2012-06-05", "2022-06-03", "2022-09-19", "2023-05-08"}  # jubilees, funeral, coronation
EXTRA_IN = {"scotland": {"2026-06-15"}}  # World Cup
COUNCIL = """
zone: Europe/London
bank_holidays: {division: england-and-wales}
lines:
  eds: {phone: 01632 960002}
services:
  help: {lines: [eds], out_of_hours: eds}
"""


@pytest.mark.parametrize("division", DIVISIONS)
def test_law_and_custom_give_the_published_dates_but_for_the_one_offs(division):
    computed = set().union(*(lawful_holidays(division, year) for year in range(2012, 2029)))
    published = set().union(*published_holidays(division).values())

    extra = {*EXTRA, *EXTRA_IN.get(division, ())}
    assert computed - published == set(map(date.fromisoformat, MOVED))
    assert published - computed == set(map(date.fromisoformat, {*MOVED.values(), *extra}))


def test_each_division_keeps_its_own_holidays_also_after_the_published_years(tmp_path):
    (tmp_path / "directory.yaml").write_text(COUNCIL)
    own = {d: Oracle(tmp_path / "directory.yaml", d).is_bank_holiday for d in DIVISIONS}

    def keep(day):
        return [division for division in DIVISIONS if own[division](date.fromisoformat(day))]

    assert keep("2026-06-15") == keep("2029-01-02") == keep("2029-11-30") == ["scotland"]
    assert keep("2029-04-02") == keep("2030-08-26") == ["england-and-wales", "northern-ireland"]
    assert keep("2029-03-19") == keep("2030-07-12") == ["northern-ireland"]
    assert keep("2032-12-27") == keep("2032-12-28") == keep("2028-01-03") == list(DIVISIONS)
    assert keep("2032-12-25") == keep("2032-12-26") == keep("2029-03-17") == []
