"""On duty now: which conditions of the service the page shows, and to whom."""

from datetime import timedelta
from pathlib import Path

import pytest
from conftest import ANYSHIRE
from staff.conftest import page_text

from routing import lookup
from routing.core.decision import Outcome
from routing.store import calls
from routing.store.calls import Call


@pytest.fixture
def app(make_stored, tmp_path):
    """A service whose internal line has had digits too many since the last good directory."""
    file = tmp_path / "directory.yaml"
    file.write_text(ANYSHIRE.read_text("utf-8"))
    app = make_stored(file)
    with app.app_context():
        lookup.snapshot()
    file.write_text(file.read_text("utf-8").replace("07700 900001", "07700 900001 2345"))
    app.extensions["snapshot_loader"].snapshot = None
    return app


def test_a_fresh_install_with_a_broken_directory_gives_nobody_but_administrators_anything_to_do(
    signed_in,
):
    for role in ("view", "rota", "divert", "admin"):
        answer, is_admin = signed_in(role).get("/staff"), role == "admin"
        page = page_text(answer)
        assert "For you now" not in page
        for_others = page.partition("For whoever runs this service")[2]
        assert "directory.yaml cannot be used" in for_others
        quotes_number = "07700 900001 2345" in page
        assert quotes_number is (role in ("divert", "admin")), role
        for text in ("nobody is on the rota", "never fetched", "telephone is off"):
            assert (text in page.partition("Setting up")[2]) is is_admin
        assert ('<details class="govuk-details who-more" open' in answer.text) is is_admin
        assert "Run <code>who-to-call directory check</code>, which" in answer.text


def test_a_rehearsal_gives_a_duty_manager_nothing_to_do(signed_in, app):
    app.config["CLOCK_STARTS_AT"] = "2026-11-23T12:00:00Z"
    page = page_text(signed_in("divert").get("/staff"))

    assert "For you now" not in page
    assert "Rehearsal: the clock says" in page.partition("For whoever runs this service")[2]


def test_an_unanswered_call_is_shown_to_everybody_for_twelve_hours(signed_in, app, clock):
    with app.app_context(), lookup.database().writing() as connection:
        for minutes in (50, 0):
            at = clock.at - timedelta(minutes=minutes)
            call = Call("children", "mash", "in_hours", at, at, Outcome.UNANSWERED)
            calls.write(connection, f"call {minutes}", call)
    page = page_text(signed_in("view").get("/staff")).partition("For you now")[2]
    shown, noon = [], clock.at
    for seconds in (-1, 0, 1):
        clock.at = noon + timedelta(hours=12, seconds=seconds)
        shown.append("nobody answered a call" in signed_in("view").get("/staff").text)

    assert (
        "Worried about a child: nobody answered 2 calls in the last 12 hours, the last at "
        "midday on Monday 23 November. Ring the lines that did not answer." in page
    )
    assert shown == [True, True, False]


def test_a_step_of_setting_up_may_be_said_not_to_be_needed_and_needed_again(app, signed_in):
    admin = signed_in("admin")
    admin.send(admin.get("/staff"), "/staff/setup", step="nothing")  # an unknown one
    page = admin.get("/staff")
    assert "Setting up: 2 of 6 done" in page_text(page)
    page = admin.send(page, "/staff/setup", step="telephone")
    assert "Setting up: 2 of 5 done" in page_text(page)
    assert "This service answers the telephone: not needed here" in page_text(page)
    assert "telephone is off" not in page_text(page)
    admin.send(page, "/staff/setup", step="telephone", needed="yes")

    assert "Setting up: 2 of 6 done" in page_text(admin.get("/staff"))
    page = page_text(admin.get("/staff/changes"))
    assert page.index("Step of setting up needed") < page.index("Step of setting up not needed")


def test_a_directory_without_a_rota_has_no_step_for_it(app, signed_in):
    Path(app.config["DIRECTORY"]).write_text(ANYSHIRE.read_text("utf-8").partition("\nrota:")[0])
    app.extensions["snapshot_loader"].snapshot = None

    page = page_text(signed_in("admin").get("/staff"))
    assert "of 5 done" in page
    assert "Every role of the rota has people" not in page
