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


def test_conditions_for_the_administrator_come_after_those_for_all_staff(signed_in):
    warnings, _, for_administrator = (
        page_text(signed_in("view").get("/staff"))
        .partition("Warnings")[2]
        .partition("For whoever runs this service")
    )

    assert "nobody is on the rota" in warnings
    assert "never fetched" in for_administrator
