"""The rota to look at: who is on duty, what is not covered, on screen and on paper."""

import html
import re
from itertools import pairwise

import pytest
import rostered
from conftest import ANYSHIRE
from staff.conftest import page_text

from routing import health, lookup
from routing.rota.roster import Cover
from routing.store import rota

NIGHT = "Out-of-hours social worker"

ALWAYS = """
rota:
  always: {name: Standby, needed_when: {line: eds}}
"""


@pytest.fixture
def app(make_stored, clock, tmp_path, request):
    clock.set("2026-12-23T15:40:00Z")
    text = ANYSHIRE.read_text("utf-8")
    directory = getattr(request, "param", None)
    if directory == "without":
        text = text.partition("\nrota:")[0] + "\n"
    if directory == "usual":
        text = re.sub(r"^    special_days:.*\n(?:      .*\n)*", "", text, flags=re.M)
        assert "special_days" not in text
    if directory == "without-gaps":
        text = text.partition("\nrota:")[0] + ALWAYS
    (tmp_path / "directory.yaml").write_text(text)
    return make_stored(tmp_path / "directory.yaml")


@pytest.fixture
def look(signed_in):
    browser = signed_in("view")
    return lambda path="/staff/rota": browser.get(path)


def warned(app):
    with app.app_context():
        return [(one.code, one.sentence) for one in health.conditions() if "rota" in one.code]


def gaps(app, *words):
    result = app.test_cli_runner().invoke(args=["rota", "gaps", *words])
    return result.exit_code, result.output


def test_the_empty_rota_is_one_warning_for_each_role_everywhere(app, look):
    sentences = [
        f"{role}: nobody is on the rota in the next 28 days."
        for role in ("Duty social worker", NIGHT)
    ]

    assert warned(app) == [("rota_empty", sentence) for sentence in sentences]
    for path in ("/staff/rota", "/staff/rota/gaps"):
        text = page_text(look(path))
        assert [text.count(sentence.rstrip(".")) for sentence in sentences] == [1, 1], path


def listed_gaps(app, look):
    """Return the gaps that the page lists, and those that the command does."""
    page = look("/staff/rota/gaps").text.partition("Clashes</h2>")[0]
    listed = re.findall(r"<li>\s*(.*?)\.\s*(?:<a|</li>)", page)
    return set(listed), {line.rpartition(" (")[0] for line in gaps(app)[1].splitlines()}


@pytest.mark.parametrize("app", ["usual"], indirect=True)
def test_taking_a_shift_of_christmas_away_is_just_that_gap_on_page_and_command(app, look):
    rostered.shifts(app, "eds-social-worker,2026-12-23 17:00,2026-12-24 08:30,Dev Patel")
    whole = f"{NIGHT}: nobody from 5pm tomorrow until 8:30am on Tuesday 29 December"
    assert f"{whole} (111.5 hours)." in gaps(app)[1].splitlines()
    assert whole in page_text(look("/staff/rota"))
    edges = ["24 17:00", "25 08:30", "26 08:30", "27 08:30", "28 08:30", "29 08:30"]
    for edge, who in zip(pairwise(edges), (*rostered.PEOPLE, "Ann Other"), strict=True):
        rostered.shifts(app, "eds-social-worker,2026-12-{},2026-12-{},{}".format(*edge, who))
    before = listed_gaps(app, look)
    assert not any("27 December" in gap for gap in before[0])

    with app.app_context(), lookup.database().writing() as connection:
        shift = rota.get(connection, 4)
        rota.add(connection, "removed", [], lookup.now(), "account:1", "", [shift])

    gap = f"{NIGHT}: nobody from 8:30am on Saturday 26 December until 8:30am on Sunday 27 December"
    for one, other in zip(listed_gaps(app, look), before, strict=True):
        assert one ^ other == {gap}
    assert gaps(app)[0] == 1


def test_a_row_runs_from_handover_to_handover_and_a_gap_says_nobody(app, look):
    rostered.christmas(app)
    text = page_text(look("/staff/rota?from=2026-12-24"))

    night = text.rpartition(f" {NIGHT} Day")[2]
    assert "Thursday 24 December 2026 Christmas Eve 3:30pm to 8:30am Amara Owusu" in night
    assert "Friday 25 December 2026 Bank holiday: Christmas Day 8:30am to 8:30am Siân" in night
    assert "Tuesday 29 December 2026 5pm to 8:30am Nobody" in night
    assert "Monday 28 December 2026 Bank holiday: Boxing Day" in night


def test_a_gap_in_the_grid_leads_to_filling_it_for_those_who_arrange_the_rota(app, signed_in, look):
    rostered.shifts(app, "eds-social-worker,2026-12-23 17:00,2026-12-24 08:30,Amara Owusu")
    with app.app_context(), lookup.database().writing() as connection:
        shift = rota.get(connection, 1)
        cover = Cover(1, None, shift.during)
        rota.add(connection, "covered", [cover], lookup.now(), "account:1")
    arranger = signed_in("rota")
    cells = re.findall(
        r'href="([^"]*)">\s*<strong>Nobody</strong>', arranger.get("/staff/rota").text
    )
    pages = [arranger.get(html.unescape(link)) for link in cells]

    assert {page.status_code for page in pages} == {200}
    titles = {re.search("<title>([^<]*)", page.text)[1].partition(" - ")[0] for page in pages}
    assert titles >= {"Cover part of a shift", "Add a shift"}
    assert "fill this gap" not in look().text.replace("Fill this gap", "")


def test_a_gap_beside_somebody_on_duty_says_nothing_of_them(app, look):
    rostered.shifts(app, "mash-social-worker,2026-12-24 08:30,2026-12-24 15:30,Dev Patel")
    page = page_text(look())

    assert "8:30am to 3:30pm Dev Patel 8:30am to 3:30pm 1 of 2 people Friday" in page
    assert "Dev Patel is off" not in page and "Dev Patel has left" not in page


def test_the_day_on_which_the_clocks_change_says_so(look):
    for day, hours in (("2027-03-27", "forward: 23"), ("2026-10-24", "back: 25")):
        assert f"Clocks go {hours} hours" in page_text(look(f"/staff/rota?from={day}"))


def test_any_other_date_shows_today(look):
    for first in ("x", "2026-13-01", "9999-01-01", "1999-12-31", ""):
        page = page_text(look(f"/staff/rota?from={first}"))
        assert "Wednesday 23 December 2026 to Tuesday 5 January 2027" in page, first


def test_bank_holidays_of_twelve_months_are_shown_with_who_covers_them(app, look):
    rostered.christmas(app)
    text = page_text(look("/staff/rota/bank-holidays"))

    assert text.count("Bank holiday: Christmas Day") == 2
    assert "Bank holiday: Good Friday 8:30am to 8:30am Nobody" in text
    assert "Friday 25 December 2026 Bank holiday: Christmas Day 8:30am to 8:30am Siân" in text


def test_clashes_and_surplus_are_listed(app, look):
    rostered.shifts(
        app,
        "mash-social-worker,2026-12-24 08:30,2026-12-24 17:00,Amara Owusu",
        "eds-social-worker,2026-12-24 15:30,2026-12-25 08:30,Amara Owusu",
        "eds-social-worker,2026-12-29 08:30,2026-12-29 16:00,Dev Patel",
    )
    text = page_text(look("/staff/rota/gaps"))

    assert f"Duty social worker and {NIGHT} shifts at once, from 3:30pm tomorrow until" in text
    assert f"{NIGHT}: Dev Patel from 8:30am on Tuesday 29 December until 4pm on Tuesday 29" in text
    later = page_text(look("/staff/rota/gaps?from=2027-01-20"))
    assert "Of 28 days from Wednesday 20 January 2027" in later
    assert "Dev Patel" not in later
    assert f"{NIGHT}: nobody is on the rota in the 28 days" in later
    assert "though nobody is needed then." in gaps(app)[1]


def test_the_rota_page_has_the_clashes_before_the_gaps_and_never_says_that_all_is_well(app, look):
    rostered.christmas(app)
    assert "clash" not in page_text(look()).partition("days")[0].replace("Gaps and clashes", "")
    for role in ("mash", "eds"):
        for day in (24, 25):
            span = f"2026-12-{day} 08:30,2026-12-{day} 17:00"
            rostered.shifts(app, f"{role}-social-worker,{span},Ann Other")
    text = page_text(look())
    clash = f"Ann Other has Duty social worker and {NIGHT} shifts at once, from 8:30am tomorrow"

    assert text.index("2 clashes in 28 days") < text.index("gaps in 28 days")
    assert clash in text
    assert "Clash: Ann Other has Duty social worker and" in gaps(app)[1]


@pytest.mark.parametrize("app", ["without-gaps"], indirect=True)
def test_without_gaps_the_rota_page_still_has_the_clashes(app, look):
    edges = pairwise(["2026-12-23", "2026-12-30", "2027-01-06", "2027-01-13", "2027-01-20"])
    for (start, end), who in zip(edges, rostered.PEOPLE, strict=True):
        rostered.shifts(app, f"always,{start} 08:30,{end} 08:30,{who}")
    rostered.shifts(app, "always,2027-01-20 08:30,2027-01-21 08:30,Amara Owusu")
    assert "There is no gap and no clash in the next 28 days." in page_text(look())
    rostered.shifts(app, "always,2027-01-20 14:30,2027-01-20 20:00,Dev Patel")

    text = page_text(look())
    assert "1 clash in 28 days Dev Patel has 6 hours to rest" in text
    assert "There is no gap in the next 28 days." in text


def test_every_page_of_the_rota_says_that_calls_do_not_follow_it(app, signed_in):
    rostered.christmas(app)
    browser = signed_in("rota")
    pages = "gaps bank-holidays print shifts/new shifts/1 fill import away people people/1 mine"
    for path in ("/staff/rota", *(f"/staff/rota/{page}" for page in pages.split())):
        page = browser.get(path)
        assert page.status_code == 200, path
        assert "Calls do not follow the rota" in page.text, path


def test_the_paper_has_a_side_for_each_role_its_time_no_note_and_no_telephone_number(app, look):
    rostered.people(app)
    rostered.christmas(app)
    with app.app_context(), lookup.database().writing() as connection:
        cover = Cover(1, 2, rota.get(connection, 1).during, "Called in at three")
        rota.add(connection, "covered", [cover], lookup.now(), "account:1")
    page = look("/staff/rota/print?from=2026-12-24").text

    assert page.count('class="who-side"') == 2
    for text in ("Printed 3:40pm on Wednesday 23 December 2026", "Siân O’Brien", "(cover)"):
        assert text in page
    assert "07700" not in page
    assert "Called in at three" not in page
    assert "Called in at three" in look("/staff/rota").text


def test_a_spreadsheet_has_who_is_really_on_duty(app, look):
    rostered.christmas(app)
    answer = look("/staff/rota.csv?from=2026-12-25")

    assert answer.data.startswith(b"\xef\xbb\xbfrole,starts,ends,person\r\n")
    assert "2026-12-25 08:30,2026-12-26 08:30,Siân O’Brien" in answer.text
    assert answer.headers["Content-Disposition"] == 'attachment; filename="rota-2026-12-25.csv"'


def test_a_work_phone_is_shown_to_those_who_arrange_duty_or_diverts(app, signed_in):
    rostered.people(app)
    rostered.shifts(app, "mash-social-worker,2026-12-23 08:30,2026-12-23 17:00,Amara Owusu")
    for role in ("view", "rota", "divert", "admin"):
        browser = signed_in(role)
        for path in ("/staff", "/staff/rota"):
            page = browser.get(path).text
            assert ("07700 900111" in page) is (role != "view"), (role, path)
            assert "07700 900222" not in page, (role, path)
        people = browser.get("/staff/rota/people").text
        assert ("07700" in people) is (role in ("rota", "admin")), role


@pytest.mark.parametrize("app", ["without"], indirect=True)
def test_a_directory_without_a_rota_says_so(app, look):
    for path in ("/staff", "/staff/rota", "/staff/rota/gaps", "/staff/rota/print"):
        assert look(path).status_code == 200
    assert "does not say who must be on duty" in page_text(look("/staff/rota"))
    assert warned(app) == []
