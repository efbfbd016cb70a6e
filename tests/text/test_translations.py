"""The Welsh catalogue: complete, compiled, and with the same placeholders as the English."""

import gettext
import re
from datetime import date
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from babel.messages import pofile
from babel.messages.frontend import CommandLineInterface
from conftest import ROOT

from routing.bank_holidays import DIVISIONS, package_holidays
from routing.core.directory import ALL_DAY, Hours, TimeRange
from routing.text import dates
from routing.text.locale import CATALOGUES, get_locale

LONDON = ZoneInfo("Europe/London")
WELSH = get_locale("cy", LONDON)
PO = CATALOGUES / "cy" / "LC_MESSAGES" / "messages.po"
CATALOGUE = pofile.read_po(BytesIO(PO.read_bytes()), locale="cy")


@pytest.fixture(scope="module")
def messages(tmp_path_factory):
    """Return every message of the code and the templates."""
    pot, mapping = tmp_path_factory.mktemp("pot") / "messages.pot", ROOT / "pyproject.toml"
    keywords = [f"--keywords={name}" for name in ("translate", "translate_html", "N_")]
    command = ["pybabel", "-q", "extract", f"--mapping={mapping}", *keywords, "-o", str(pot)]
    CommandLineInterface().run([*command, str(ROOT / "routing")])
    return {message.id for message in pofile.read_po(BytesIO(pot.read_bytes())) if message.id}


def test_every_message_has_a_translation_and_no_translation_is_left_over(messages):
    translated = {message.id for message in CATALOGUE if message.id and message.string}

    assert messages - translated == set()
    assert translated - messages == set()


def test_a_translation_has_the_same_placeholders():
    def placeholders(text):
        return sorted(re.findall(r"{\w+}", text))

    messages = [message for message in CATALOGUE if message.id]

    assert [m.id for m in messages if placeholders(m.id) != placeholders(m.string)] == []


def test_the_compiled_catalogue_is_current():
    compiled = gettext.translation("messages", CATALOGUES, ["cy"])

    assert {message.id: compiled.gettext(message.id) for message in CATALOGUE if message.id} == {
        message.id: message.string for message in CATALOGUE if message.id
    }, "Run: bin/translate"


def test_every_bank_holiday_of_the_years_ahead_has_a_welsh_name():
    names = {
        holiday.name
        for division in DIVISIONS
        for day, holiday in package_holidays(division).items()
        if date(2026, 1, 1) <= day <= date(2035, 12, 31)
    }

    assert [name for name in names if WELSH.translate(name) == name] == []


def test_dates_and_times_are_in_welsh():
    week = ((TimeRange(510, 1020),),) * 4 + ((TimeRange(510, 990),), (), ())

    assert dates.format_full_date(date(2026, 12, 24), WELSH) == "dydd Iau 24 Rhagfyr 2026"
    assert [dates.format_time(minute, WELSH) for minute in (510, 720, 0)] == [
        "8:30am",
        "hanner dydd",
        "hanner nos",
    ]
    assert dates.format_hours(Hours(week, ()), WELSH) == (
        ("Dydd Llun i ddydd Iau", "8:30am i 5pm"),
        ("Dydd Gwener", "8:30am i 4:30pm"),
        ("Dydd Sadwrn a dydd Sul", "ar gau"),
        ("Gwyliau banc", "ar gau"),
    )
    assert dates.format_ranges(ALL_DAY, WELSH) == "24 awr"
