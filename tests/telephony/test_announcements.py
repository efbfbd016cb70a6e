"""Announcements: numbers digit by digit, the council's own words unchanged."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from conftest import ANYSHIRE

from routing.core.decision import Timetables, decide
from routing.core.directory import Text
from routing.directory.load import load
from routing.telephony import twiml
from routing.text.locale import get_locale


@pytest.fixture(scope="module")
def directory():
    return load(ANYSHIRE)[0]


@pytest.fixture
def numbers(directory):
    line = directory.lines[0]
    return [(line, line.phone)]


ENGLISH = get_locale("en", ZoneInfo("Europe/London"))
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DANGER = "If a child is in immediate danger, call 9 9 9."
MASH = "You can call the Multi-Agency Safeguarding Hub (MASH) yourself on 0 1 6 3 2, 9 6 0 0 0 1."


def test_the_person_who_picks_up_a_screened_line_hears_what_the_call_is(directory):
    service = replace(directory.services[0], name=_text("Worried about a child (01632 960001)"))

    assert twiml.accept_prompt(service, ENGLISH) == (
        f"A call for Worried about a child ({SPOKEN}). To take it, press 1."
    )


def test_a_number_in_the_name_of_a_line_is_spoken_digit_by_digit(directory, numbers):
    line, phone = numbers[0]
    line = replace(line, called=_text("our team on 101"))

    assert "You can call our team on 1 0 1 yourself" in twiml.message(
        twiml.NO_ANSWER, directory, [(line, phone)], ENGLISH
    )


MESSAGES = {
    "NO_ANSWER_YET": ("Sorry, nobody has answered yet.", "We are calling again."),
    "NO_ANSWER": ("Sorry, nobody has answered.", "Or hang up, and call this number again."),
    "OUTCOME_UNKNOWN": ("If you have not spoken to anybody yet,", "and call this number again."),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_every_announcement_has_999_and_another_number_digit_by_digit(directory, numbers, name):
    text, (first, last) = (
        twiml.message(getattr(twiml, name), directory, numbers, ENGLISH),
        MESSAGES[name],
    )

    assert text.startswith(first)
    assert f"{DANGER} {MASH} " in text
    assert text.endswith(last)


@pytest.fixture
def reply(directory):
    """Return the answer to a text message at midday on a Monday, with what is changed in it."""

    def reply(directory=directory, **changed):
        decision = decide(Timetables(directory, {}), "children", NOON)
        service = replace(decision.service, **changed)
        return twiml.sms_reply(replace(decision, service=service), directory, NOON, ENGLISH)

    return reply


NAMED = [
    *("Call 999.", "9-9-9", "Call 101 (999 at once)", "Call 999/112 now", "Emergency - 999"),
    *("Ring the police on 999 and ask for help", "Ffoniwch 999 bob amser"),
]
NOT_NAMED = [
    *("Shout for help.", "Ring us at once on 01632 960999.", "Ring +44 1632 960 999."),
    *("Ring 960\u2013999.", "Ring (960) 999.", "Ring 0300 999 1234.", "There are 1,999 of us."),
    *("We helped over 999 families.", "Helpwyd 999 o blant."),
]


@pytest.mark.parametrize("advice", NOT_NAMED)
def test_999_is_added_where_the_council_does_not_name_it_as_a_number_of_its_own(
    directory, reply, advice
):
    directory = replace(directory, emergency=_text(advice))

    assert "Call 9 9 9." in twiml.message(twiml.NO_ANSWER, directory, [], ENGLISH)
    assert "Call 999." in reply(directory)


@pytest.mark.parametrize("advice", NAMED)
def test_999_is_not_added_where_the_council_names_it(directory, advice):
    directory = replace(directory, emergency=_text(advice))

    assert (
        twiml.message(twiml.NO_ANSWER, directory, [], ENGLISH).replace(",", "").count("9 9 9") == 1
    )


@pytest.mark.parametrize("written", ["+44 1632 960001", "+44-1632 960001"])
def test_a_number_with_a_country_code_is_given_in_its_national_form(directory, reply, written):
    line = directory.lines[0]
    phone = replace(line.phone, display=written)
    text = reply(number=phone)

    assert f"on {SPOKEN}." in twiml.message(twiml.NO_ANSWER, directory, [(line, phone)], ENGLISH)
    assert "Call 01632 960001, the Multi-Agency Safeguarding Hub (MASH). You can call this" in text
    assert "18001 01632 960001." in text


def test_an_sms_reply_names_the_number_until_when_and_999_as_written(reply):
    assert reply() == (
        "Call 01632 960100, the Multi-Agency Safeguarding Hub (MASH). "
        "You can call this number day and night. They answer until 5pm on Monday 23 November. "
        "If a child is in immediate danger, call 999. With Relay UK, dial 18001 01632 960100. "
        "You can text 999 if your phone is registered: text the word register to 999. "
        "Nobody reads texts sent to this number."
    )


def _text(english):
    return Text((("en", english),))


SPOKEN = "0 1 6 3 2, 9 6 0 0 0 1"


SPELLED = {
    SPOKEN: [
        *("01632 960001", "+44 1632 960001", "+44 (0)1632 960001", "+44(0)1632 960001"),
        *("0044 1632 960001", "(+44) 1632 960001", "(01632) 960001", "01632/960001"),
        *("01632\u2011960001", "01632\u2009960001"),
    ],
    "9 9 9": ["999"],
    "0 2 0, 7 9 4 6, 0 0 1 8": ["020 7946 0018"],
    "0 8 0 0, 1 1 1 1": ["0800 1111", "0800-1111"],
    "0 0 3 5 3, 1, 2 3 4, 5 6 7 8": ["+353 1 234 5678", "+353 (0)1 234 5678", "00353 1 234 5678"],
    "0 1 6 0 0, 4 4 0 1 2 3": ["01600 440123", "0044 1600 440123"],
    "0 3 0 0, 4 4, 0 1 2 3 4": ["0300 44 01234"],
}


IN_TEXTS = {
    "Call 101, or 01632 960001 now": f"Call 1 0 1, or {SPOKEN} now",
    "01632 960001 24 hours a day": f"{SPOKEN} 24 hours a day",
    "01632 960001 01632 960001": f"{SPOKEN} {SPOKEN}",
    "0800 1111 116 123": "0 8 0 0, 1 1 1 1 1 1 6, 1 2 3",
    "0800 123456 7 days a week": "0 8 0 0, 1 2 3 4 5 6 7 days a week",
    "+44 800 123456 999": "0 8 0 0, 1 2 3 4 5 6 9 9 9",
    "+353 1 234 5678 01632 960001": f"0 0 3 5 3, 1, 2 3 4, 5 6 7 8 {SPOKEN}",
    "+353 1 234 5678 0800 1111": "0 0 3 5 3, 1, 2 3 4, 5 6 7 8 0 8 0 0, 1 1 1 1",
    "+353 1 234 5678. 24-12-2026": "0 0 3 5 3, 1, 2 3 4, 5 6 7 8. 24-12-2026",
    "18001 +44 1632 960001": f"1 8 0 0 1, {SPOKEN}",
    "01632 960001,01632 960001": f"{SPOKEN},{SPOKEN}",
    "01632 960001 - 01632 960001": f"{SPOKEN} - {SPOKEN}",
    "01632-960-001": "0 1 6 3 2, 9 6 0, 0 0 1",
    "18001 01632 960001": f"1 8 0 0 1, {SPOKEN}",
    "Text 85258 or call 116-123": "Text 8 5 2 5 8 or call 1 1 6, 1 2 3",
    "call 960001": "call 9 6 0 0 0 1",
}


@pytest.mark.parametrize("spoken", SPELLED)
def test_a_number_is_spoken_digit_by_digit_in_its_national_form(spoken):
    for written in SPELLED[spoken]:
        assert twiml.spell_digits(written) == spoken
        assert twiml.spell_numbers(f"Call {written}.") == f"Call {spoken}."


@pytest.mark.parametrize("text", IN_TEXTS)
def test_telephone_numbers_in_a_text_are_spelled(text):
    assert twiml.spell_numbers(text) == IN_TEXTS[text]


NO_NUMBERS = [
    "Open 24 hours, from 8:30 to 5", "Open 8:30 - 17:00, Monday to Friday",
    "Open 08:30-17:00 and 18:00-22:00", "Open 0830-1700 10 of us",
    "Open 0830 \u2013 1700 10 of us", "Open 09.00 - 17.00 09.30 - 12.00", "Open 08.30-17.00",
    "aged 0 - 18", "aged 0-5 5-11 11-18 18-25", "You may wait 10 - 15 minutes",
    "From 24-12-2026 to 04-01-2027 we are closed",
    "From 04-01-2027 10:30 and 04-01-2027 10 to 12", "01-02-2027 - 03-04-2027",
    "On 2026-12-24 and 2027-01-04", "01/12/2026", "Reference 2026-27", "2026-2027",
    "Since 1999 there are 1,000 of us", "10,000 families and £100000",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_times_dates_ages_and_years_are_spoken_as_written(text):
    assert twiml.spell_numbers(text) == text
    assert twiml.to_national(text) == text
