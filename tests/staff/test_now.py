"""On duty now: which conditions of the service the page shows, and to whom."""

import pytest
from conftest import ANYSHIRE
from staff.conftest import page_text

from routing import lookup


@pytest.fixture
def app(make_staffed, tmp_path):
    """A service whose internal line has had digits too many since the last good directory."""
    file = tmp_path / "directory.yaml"
    file.write_text(ANYSHIRE.read_text("utf-8"))
    app = make_staffed(DIRECTORY=str(file))
    with app.app_context():
        lookup.snapshot()
    file.write_text(file.read_text("utf-8").replace("07700 900001", "07700 900001 2345"))
    app.extensions["snapshot_loader"].snapshot = None
    return app


@pytest.mark.parametrize(
    ("role", "is_shown"), [("view", False), ("rota", False), ("divert", True), ("admin", True)]
)
def test_a_mistake_that_quotes_an_internal_number_is_for_those_who_may_see_it(
    signed_in, role, is_shown
):
    page = page_text(signed_in(role).get("/staff"))

    assert "directory.yaml cannot be used" in page
    assert ("07700 900001 2345" in page) is is_shown


def test_warnings_are_what_a_duty_manager_can_act_on(signed_in):
    """On a fresh install whose directory is broken, there are none."""
    warnings, _, for_administrator = (
        page_text(signed_in("view").get("/staff"))
        .partition("Warnings")[2]
        .partition("For whoever runs this service")
    )

    assert warnings.strip() == "There are none."
    for text in ("cannot be used", "nobody is on the rota", "never fetched", "telephone is off"):
        assert text in for_administrator


def test_a_rehearsal_is_no_warning_of_a_duty_manager(signed_in, app):
    app.config["CLOCK_STARTS_AT"] = "2026-11-23T12:00:00Z"
    page = page_text(signed_in("divert").get("/staff"))

    assert "Rehearsal: the clock says" in page.partition("For whoever runs this service")[2]


@pytest.mark.parametrize(("role", "is_open"), [("divert", False), ("admin", True)])
def test_conditions_of_the_service_are_unfolded_for_an_administrator(signed_in, role, is_open):
    assert ('<details class="govuk-details" open' in signed_in(role).get("/staff").text) is is_open
