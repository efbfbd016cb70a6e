"""No log holds what may lead to somebody, however it is written; what helps to mend stays."""

import time
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import logging_config

MAX_CHARS = 16_000


def redact(text, max_chars=MAX_CHARS):
    return logging_config.redact(text, max_chars)


NUMBERS = (
    "+447700900123",
    "07700 900123",
    "07700-900-123",
    "+44 (0) 7700 900 123",
    "0044 7700 900123",
    "(020) 7946 0123",
    "07700%20900%20123",
    "%2B447700900123",
    "%30%37%37%30%30%39%30%30%31%32%33",
    "٠٧٧٠٠٩٠٠١٢٣",
    "0800 CHILD 123",
    "07700 900 ABC",
    "sip:+447700900123@192.0.2.7",
    "whatsapp:+447700900123",
    "x07700900123y",
)


AROUND = ("%s", "From=%s&To=x", "fault while answering '/x/%s/after'")


@pytest.mark.parametrize("number", NUMBERS)
def test_a_telephone_number_is_redacted_however_it_is_written(number):
    for around in AROUND:
        line = redact(around % number)
        parts = ("900", "123", "946", "%3", "CHILD", "ABC", "٩٠٠")
        assert not any(part in line for part in parts), around
        assert "[" in line


@given(
    st.lists(st.integers(1, 4), min_size=3, max_size=6),
    st.sampled_from((" ", "-", ".", "/", " (", ") ", "\u2011", "\xa0", "%20")),
)
def test_a_number_is_redacted_in_whatever_groups_it_comes(sizes, gap):
    digits, groups = "07700900123", []
    for size in sizes:
        groups, digits = [*groups, digits[:size]], digits[size:]

    assert "900" not in redact(f"from {gap.join([*filter(None, groups), digits])}.")


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Authorization: Bearer abc.d-e", "Authorization: Bearer [secret]"),
        ("postgresql+psycopg://a:b@db/x", "postgresql+psycopg://[secret]@db/x"),
        ("{'password': 'correct horse'}", "{'password': [secret]}"),
        ("password=correct host=db", "password=[secret] host=db"),
        ("/calendars/Ab-cd.ics?x", "/calendars/[secret]?x"),
        ("session Zz" + "9aB-_" * 8, "session [secret]"),
        ("call CA" + "0af1" * 8, "call [secret]"),
        ("mail priya.shah@anyshire.example", "mail [e-mail]"),
        ("request from ip=203.0.113.9: x", "request from ip=[address]: x"),
        ("request from ip=2001:db8::9: x", "request from ip=[address] x"),
        ("Key (key)=(amara owusu) already exists.", "Key (key)=[row] already exists."),
        ("Failing row contains (1, Amara).", "Failing row contains [row]."),
    ],
)
def test_what_opens_something_or_names_somebody_is_redacted(text, redacted):
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "kept at 2026-12-24T15:30:00.123456+00:00, until 2026-12-24 17:00",
        "last read at 15:30 on 24 December 2026",
        "Listening at: http://127.0.0.1:8000 (4194303)",
        "counted within a second: {'signatures_refused': 25}",
        'File "a/base.py", line 2114, in _handle_dbapi_exception_noconnection',
        "directory.yaml: line 27, column 9: error: this is not YAML.",
        "The database is upgraded from 0003 to 0004.",
    ],
)
def test_what_helps_to_mend_stays(text):
    assert redact(text) == text


@pytest.mark.parametrize("part", ["0", "a", "1 ", "Key (", "+0", "%3", "ab:", "password", "1.1."])
def test_a_long_text_takes_no_longer_than_a_moment(part):
    began = time.process_time()
    redact(part * MAX_CHARS)

    assert time.process_time() - began < 1


@pytest.mark.parametrize("number", NUMBERS)
def test_a_text_that_is_cut_within_a_number_shows_no_part_of_it(number):
    for after, shown in product(("", "x" * 2 * logging_config.OVERLAP_CHARS), range(24)):
        cut = redact(f"{'x' * (1000 - shown - 1)} {number} {after}", 1000)
        assert not any(digit in cut for digit in "0123456789٠٧٩"), (shown, cut[-40:])


def test_a_long_text_is_cut_after_it_is_redacted():
    assert redact("a" * 20 + " 07700 900123", 25) == "a" * 20 + " [num ..."
    assert redact("é " * 20_000) == "é " * (MAX_CHARS // 2) + " ..."
