"""Telephone numbers in running text: digit by digit; times, dates and ages as written."""

import pytest

from routing.text import phone_numbers

SPOKEN = "0 1 6 3 2, 9 6 0 0 0 1"


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("01632 960001", SPOKEN),
        ("999", "9 9 9"),
        ("+44 1632 960001", SPOKEN),
        ("+44 (0)1632 960001", SPOKEN),
        ("+44(0)1632 960001", SPOKEN),
        ("0044 1632 960001", SPOKEN),
        ("020 7946 0018", "0 2 0, 7 9 4 6, 0 0 1 8"),
        ("0800 1111", "0 8 0 0, 1 1 1 1"),
        ("+353 1 234 5678", "0 0 3 5 3, 1, 2 3 4, 5 6 7 8"),
    ],
)
def test_a_number_is_spoken_digit_by_digit_in_its_national_form(text, spoken):
    assert phone_numbers.spell_digits(text) == spoken
    assert phone_numbers.spell_numbers(f"Call {text}.") == f"Call {spoken}."


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Call 101, or 01632 960001 now", f"Call 1 0 1, or {SPOKEN} now"),
        ("01632 960001 24 hours a day", f"{SPOKEN} 24 hours a day"),
        ("01632 960001 01632 960001", f"{SPOKEN} {SPOKEN}"),
        ("(01632) 960001", f"({SPOKEN}"),
        ("01632-960-001", "0 1 6 3 2, 9 6 0, 0 0 1"),
        ("18001 01632 960001", f"1 8 0 0 1, {SPOKEN}"),
        ("Text 85258 or call 116 123", "Text 8 5 2 5 8 or call 1 1 6, 1 2 3"),
        ("call 960001", "call 9 6 0 0 0 1"),
    ],
)
def test_telephone_numbers_in_a_text_are_spelled(text, spoken):
    assert phone_numbers.spell_numbers(text) == spoken


@pytest.mark.parametrize(
    "text",
    [
        "Open 24 hours, from 8:30 to 5",
        "Open 8:30 - 17:00, Monday to Friday",
        "Open 08:30-17:00 and 18:00-22:00",
        "Open 0830-1700 10 of us",
        "Open 08.30-17.00",
        "aged 0 - 18",
        "aged 0-5, 5-11 and 11-18",
        "You may wait 10 - 15 minutes",
        "From 24-12-2026 to 04-01-2027 we are closed",
        "From 04-01-2027 10:30 and 04-01-2027 10 to 12",
        "01.12.2026 - 24.12.2026",
        "On 2026-12-24 and 2027-01-04",
        "01/12/2026",
        "Reference 2026-27",
        "2026-2027",
        "Since 1999 there are 1,000 of us",
        "10,000 families and £100000",
    ],
)
def test_times_dates_ages_and_years_are_spoken_as_written(text):
    assert phone_numbers.spell_numbers(text) == text
    assert phone_numbers.to_national(text) == text
