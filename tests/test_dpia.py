"""The assessment and the privacy page say what the code does."""

import re
from pathlib import Path

import pytest
from conftest import ANYSHIRE

from routing.config import SETTINGS
from routing.store.retention import RULES
from routing.store.tables import METADATA

ASSESSMENT = (Path(__file__).parent.parent / "docs" / "dpia.md").read_text("utf-8")
ROWS = [line for line in ASSESSMENT.splitlines() if line.startswith("| ")]


@pytest.mark.parametrize("table", METADATA.tables)
def test_every_table_of_the_database_is_listed_with_how_long_it_is_kept(table):
    assert [row for row in ROWS if f"`{table}`" in row.split("|")[1]] != []


def test_every_period_in_the_assessment_is_the_default_of_its_setting():
    rows = re.findall(r"`(\w+_RETENTION_DAYS)` \((\d+)\)", ASSESSMENT)

    assert {name for name, _ in rows} == {setting for setting in SETTINGS if "RETENTION" in setting}
    assert {(name, SETTINGS[name].default) for name, _ in rows} == set(rows)
    assert {rule.period for rule in RULES if isinstance(rule.period, str)} <= {
        name for name, _ in rows
    }


def test_the_privacy_page_states_the_same_period(anyshire):
    assert f"after {SETTINGS['CALL_RETENTION_DAYS'].default} days" in anyshire.get("/privacy").text


def test_the_privacy_page_states_no_period_while_a_mistyped_one_keeps_calls_from_being_deleted(
    make_app,
):
    page = make_app(ANYSHIRE, CALL_RETENTION_DAYS="thirty").test_client().get("/privacy").text

    assert "how the call ended" in page
    assert "deletes" not in page
