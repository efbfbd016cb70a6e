"""Inputs made wrong on purpose, by the ten thousand, for everything that reads what others write.

Each input is a valid one that was cut, doubled, swapped and spoilt a few times, or noise; the same
ones at every run. It must end in a value, or in a refusal that says something, and soon.
"""

import random
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from routing import bank_holidays
from routing.core.directory import RotaRole, Text
from routing.directory import load, schema
from routing.errors import RoutingError
from routing.public.pages import render_markdown
from routing.rota import filling, spreadsheet
from routing.staff import auth
from routing.telephony import sms, twiml, views
from routing.telephony.call_flow import CallState
from routing.text import time_parsing

SLOW = 0.1
"""Seconds of this process's own work that an input may take."""

LONGEST = 20_000
"""Characters of an input: a request's line has 4,094 at most, a form's field far fewer."""

ZONES = [ZoneInfo(name) for name in ("Europe/London", "Pacific/Auckland", "America/New_York")]
NOISE = [
    *"\0\t\n\r\x1b\"'\\/:;,.-+_|<>&%#=@[]{}()*!?~` aAzZ019é٣²½😀\u2028\u202e\ufeff\x85",
    "\r\n", "999999999999999999999", "-1", "0x10", "1e9", "NaN", "None", "null", "true", "%00",
    "../", "{0}", "%s", "$(id)", "<script>", "javascript:", "=1+1", "&amp;", "]]>", "\x1b[2J",
    "24:00", "00:00", "29 2 2027", "2027-02-29", "+14:00", "Z", "BST", "999", "+44", "closed",
]  # fmt: skip

DIRECTORY = """\
council: {name: Anyshire, website: https://anyshire.example, colour: "#1d4f91"}
zone: Europe/London
languages: [en, cy]
emergency: {en: Call 999., cy: Ffoniwch 999.}
bank_holidays: {division: scotland, add: {2027-06-01: A day}}
lines:
  day:
    name: By day
    phone: 01632 960001
    hours: {mon-fri: 08:30-17:00, bank-holiday: closed}
    special_days: [{from: 2026-12-24, to: 2026-12-26, name: Christmas, hours: closed}]
    verified: {on: 2026-11-01, days: 90}
  night: {name: Night, phone: 01632 960002, hours: always}
services:
  children: {name: Worried, lines: [day], out_of_hours: night, number: 01632 960100}
rota:
  duty: {name: Assignment, needed_when: {line: day}}
"""

TIMES = ["2026-12-24T17:00:00+00:00", "2026-10-25 01:30", "2026-03-29T01:30", "24/12/2026 5:00"]
TIMES += ["2000-01-01T00:00:00Z", "2100-12-31T23:59:59.999999999-12:00", "0001-01-01 00:00"]
TIMES += ["9999-12-31 23:59", "2026-12-24T17:00:00 01:00"]
PARTS = ["24|12|2026|5pm", "25|10|2026|1:30am BST", "29|3|2026|01:30", "1|1|1|midnight"]
PARTS += ["31|12|9999|23:59 GMT", "1_0|+2|２０２６|٣:00"]
CLOCKS = ["5pm", "5:30pm", "17:30", "midday", "8.30 am", "12am", "24:00"]
RANGES = ["08:30-17:00", "17:00-09:00, 10:00 - 24:00", "closed", "always", "mon-fri=08:30-17:00"]
PHONES = [
    "01632 960001",
    "+44 20 7946 0123",
    "999",
    "(07700) 900-123",
    "116 123",
    "+1 202 555 0100",
]
SHEETS = [
    "role,starts,ends,person\r\nduty,2026-12-24 17:00,2026-12-25 08:30,Amara Owusu\r\n",
    "Person;Ends;Starts;Role\nDev Patel;25/12/2026 8:30;24/12/2026 17:00;duty\n",
    '\ufeffrole\tstarts\tends\tperson\n"duty"\t2026-10-25 01:30\t"26/10/2026 09:00"\tDev Patel\n',
]
CALLS = [
    "CallSid=CA1&From=%2B447700900123&To=%2B441632960100&CallStatus=in-progress",
    "began=1795435200&round=1&leg=2&tried=mash_eds&screened=1&waits=0&engaged=1&rang=0&silence=30"
    "&rings=40&dialled=1795435230&DialCallStatus=completed",
]
PLACES = [
    "/staff",
    "/staff/preview?at=2026-12-24T17:00:00Z",
    "//a.example/staff",
    "/\\a",
    "/staff//[",
]
WORDS = [
    "Call 01632 960001 or 999.",
    "**Stop** [here](https://a.example) & <b>`there`</b>\n\n- a\n",
]
HOLIDAYS = ["england-and-wales", "scotland", "northern-ireland"]
LISTED = "".join(
    f'"{division}": {{"division": "{division}", "events": ['
    '{"title": "Boxing Day", "date": "2026-12-26", "notes": "Substitute day", "bunting": true}]},'
    for division in HOLIDAYS
)


@dataclass(frozen=True)
class Parser:
    """Something that reads: valid inputs to begin with, and how it is asked."""

    seeds: Sequence[str]
    ask: Callable[[str], object]
    refusals: tuple[type[Exception], ...] = (RoutingError,)
    tokens: Sequence[str] = ()
    longest: int = LONGEST


@dataclass
class FuzzCounts:
    """What came of many inputs."""

    inputs: int = 0
    taken: int = 0
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)


def _zone(text):
    return ZONES[len(text) % len(ZONES)]


def _directory(text):
    try:
        return load.parse(text, Path("directory.yaml"))
    except RoutingError as error:
        assert all(problem.line >= 1 and len(problem.message) > 10 for problem in error.problems)
        raise


def _parts(text):
    return time_parsing.parse_date_and_time(*(text.split("|") + [""] * 3)[:4], _zone(text))


def _hours(text):
    key, equals, value = text.partition("=")
    return schema.parse_week({key: value}) if equals else schema.parse_day_hours(text)


def _phone(text):
    phone = schema.parse_display_phone(text) if len(text) % 2 else schema.parse_phone(text)
    assert phone.e164.lstrip("+").isdecimal()
    return phone


def _call(text):
    given = dict(parse_qsl(text, keep_blank_values=True, errors="replace"))
    state = CallState.from_query(given)
    assert all(number.isdecimal() for number in views.numbers_in(*given.values()))
    assert state is None or CallState.from_query(state.to_query()) == state
    return state.to_query() if state else sms.is_answerable(given.get("From", ""))


def _said(text):
    """Return words as Twilio would hear them: a document that is whole, and theirs alone."""
    root = ET.fromstring(twiml.text_message(f"Words: {twiml.spell_numbers(text)}"))
    assert [element.tag for element in root.iter()] == ["Response", "Message"]
    return root


def _place(text):
    address = auth.safe_next_url(text)
    assert address == "/staff" or (address == text and address.startswith(("/staff/", "/staff?")))
    return address


def _page(text):
    page = str(render_markdown(text))
    assert "<script" not in page.lower()
    assert 'href="javascript:' not in page.lower()
    return page


def _sheet(text):
    data = text.encode("utf-16" if len(text) % 7 == 0 else "utf-8")
    roles = [RotaRole("duty", Text((("en", "Duty worker"),)), "eds", None)]
    people, at = {"amara owusu": 1, "dev patel": 2}, datetime(2026, 12, 24, tzinfo=UTC)
    return spreadsheet.parse_csv(data, _zone(text), roles, people, at)


PARSERS = {
    "directory.yaml": Parser(
        [DIRECTORY], _directory, tokens=["\n", "  ", ": ", "- ", "{", "}", "[", "&a ", "!!x "],
        longest=3000,
    ),
    "at": Parser(TIMES, time_parsing.parse_rfc3339),
    "local times": Parser(TIMES, lambda text: time_parsing.parse_local(text, _zone(text))),
    "cells": Parser(TIMES, lambda text: spreadsheet.parse_cell(text, _zone(text))),
    "dates in parts": Parser(PARTS, _parts),
    "clocks": Parser(CLOCKS, time_parsing.parse_clock),
    "handover times": Parser([", ".join(CLOCKS)], filling.parse_times),
    "hours": Parser(RANGES, _hours, (ValueError,)),
    "telephone numbers": Parser(PHONES, _phone, (ValueError,)),
    "spreadsheets": Parser(SHEETS, _sheet, tokens=[",", "\t", '"', "\n", "duty"], longest=5000),
    "calls": Parser(CALLS, _call, tokens=["&", "=", "_", "%2B"]),
    "spoken words": Parser(WORDS, _said),
    "where to go": Parser(PLACES, _place),
    "Markdown": Parser(WORDS, _page, tokens=["[", "](", "*", "`", "> ", "![", "\n"], longest=1000),
    "GOV.UK's list": Parser(
        ["{" + LISTED.rstrip(",") + "}"], lambda text: bank_holidays.parse(text.encode())
    ),
}  # fmt: skip
"""Everything that reads what others write, by name."""


def spoilt(draw, parser):
    """Return an input: a valid one spoilt a few times, or noise."""
    if draw.random() < 0.05:
        return "".join(draw.choice(NOISE) for _ in range(draw.randrange(40)))
    text = draw.choice(parser.seeds)
    for _ in range(draw.choice((0, 1, 1, 1, 2, 2, 3, 6))):
        text = _spoilt(draw, text, parser)
    return text[: parser.longest]


def _spoilt(draw, text, parser):
    start = draw.randrange(len(text) + 1)
    end = min(len(text), start + draw.choice((0, 1, 1, 2, 5, 20)))
    piece, other = text[start:end], draw.randrange(len(text) + 1)
    kind = draw.randrange(100)
    if kind < 45:
        return text[:start] + draw.choice((*NOISE, *parser.tokens)) + text[end:]
    if kind < 65:
        return text[:start] + text[end:]
    if kind < 80:
        return text[:other] + piece + text[other:]
    if kind < 90:
        return text[:start] + str(draw.randrange(10 ** draw.randrange(1, 6))) + text[end:]
    if kind < 98:
        return text[:start] + piece * draw.randrange(1, 10) + text[start:]
    again = (piece or draw.choice(NOISE)) * (parser.longest // max(1, len(piece)))
    return text[:start] + again + text[end:]


def tried(name, count, seed=0):
    """Return what came of so many inputs to a parser."""
    parser, draw, counted = PARSERS[name], random.Random(f"{name} {seed}"), FuzzCounts()
    for _ in range(count):
        text = spoilt(draw, parser)
        took, taken, fault = timed(parser, text)
        if took > SLOW:  # alone, before it is called slow: machines are noisy
            took = min(timed(parser, text)[0] for _ in range(3))
        counted.inputs += 1
        counted.taken += taken
        counted.slowest = max(counted.slowest, took)
        if fault:
            counted.faults.append(f"{text[:200]!r}: {fault}")
        if took > SLOW:
            counted.slow.append(f"{text[:200]!r}: {took:.2f} s")
    return counted


def timed(parser, text):
    """Ask once; return how long it took, whether the input was taken, and what went wrong."""
    taken, fault = True, ""
    began = time.thread_time()
    try:
        parser.ask(text)
    except parser.refusals as error:
        taken, fault = False, "" if len(str(error)) > 10 else f"refused without words: {error!r}"
    except Exception as error:
        taken, fault = False, repr(error)
    return time.thread_time() - began, taken, fault
