"""who-to-call bank-holidays: the dates, their sources, and what a new list changes."""

import govuk_feed
import pytest
from conftest import ROOT

DIRECTORY = ROOT / "examples" / "west-berkshire.yaml"


@pytest.fixture
def run(make_app, feed):
    def run(*words, directory=DIRECTORY):
        app = make_app(directory, BANK_HOLIDAYS_URL=feed.url)
        return app.test_cli_runner().invoke(args=["bank-holidays", *words])

    return run


def test_refresh_lists_each_date_that_changes_by_division(run, feed):
    moved = govuk_feed.without(govuk_feed.events(), "2027-05-31")
    moved = govuk_feed.added(moved, "2027-06-04", "Spring bank holiday")
    named = govuk_feed.without(moved, "2027-12-27", "scotland")
    feed.send(govuk_feed.added(named, "2027-12-27", "King’s bank holiday", "scotland"))
    answer = run("refresh")

    assert answer.exit_code == 0
    assert answer.output.splitlines()[1:] == [
        "removed in england-and-wales: Monday 31 May 2027, Spring bank holiday",
        "new in england-and-wales: Friday 4 June 2027, Spring bank holiday",
        "removed in scotland: Monday 27 December 2027, Christmas Day (substitute)",
        "new in scotland: Monday 27 December 2027, King’s bank holiday",
    ]


def test_refresh_says_since_when_a_list_has_not_changed(run, feed, clock):
    run("refresh")
    clock.set("2026-11-30T06:00:00Z")

    assert "has not changed since 23 November 2026" in run("refresh").output


def test_an_invalid_list_is_refused_and_changes_nothing(run, feed):
    feed.body = b"<!doctype html>"
    answer = run("refresh")

    assert answer.exit_code == 1
    assert "not GOV.UK's list" in answer.output
    assert "The dates in use stay as they are." in answer.output
    assert "Traceback" not in answer.output


def test_a_list_is_saved_even_while_the_directory_is_invalid(run, feed, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("zone: nowhere")
    answer = run("refresh", directory=broken)

    assert (answer.exit_code, "is saved in" in answer.output) == (0, True)
    assert "GOV.UK's list of 23 November 2026" in run("show").output


def test_show_names_the_source_and_its_last_year(run, feed):
    assert "never fetched" in run("show").output
    run("refresh")
    shown = run("show").output

    assert "GOV.UK's list of 23 November 2026 for 2012 to 2028" in shown
    assert "Published to the end of 2028; after that the usual ones are assumed." in shown
    assert "Monday 28 December 2026, Boxing Day (substitute)" in shown


def test_show_lists_what_the_directory_changes(run):
    shown = run("show", directory=ROOT / "examples" / "anyshire.yaml").output

    assert "Day of national celebration (added by the directory)" in shown
    assert "Monday 31 May 2027: removed by the directory" in shown
