"""The first screen: one number, what depends on it, and nothing said twice."""

import re
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from conftest import ANYSHIRE, ROOT

from routing import lookup
from routing.core.decision import timeline
from routing.directory.load import load

SEFTON = ROOT / "examples" / "sefton.yaml"
DAY, NIGHT = "2026-11-23T12:00:00Z", "2026-11-23T20:00:00Z"
FRAGMENT = "/services/s/fragment"
HEAD = """
council: {name: Testshire, website: "https://www.testshire.example"}
zone: Europe/London
languages: [en]
emergency: Shout for help.
bank_holidays: {division: england-and-wales}
"""


def two_lines(day="phone: 01632 960001", night="phone: 01632 960002", service="lines: [day]"):
    """Return the lines of a directory: Day is open from 9am to 5pm on weekdays, Night always."""
    return f"""
lines:
  day: {{name: Day, hours: {{mon-fri: 09:00-17:00}}, {day}}}
  night: {{name: Night, hours: always, {night}}}
services: {{s: {{name: S, out_of_hours: night, {service}}}}}
"""


@pytest.fixture
def page(make_app, clock, tmp_path):
    """Return a function that gives the text and the HTML of a directory's first page."""

    def show(directory, instant=DAY, path="/"):
        clock.set(instant)
        if isinstance(directory, str):
            file = tmp_path / "directory.yaml"
            file.write_text(directory if "council:" in directory else HEAD + directory)
            directory = file
        html = make_app(directory).test_client().get(path).text
        return " ".join(re.sub(r"<[^>]+>", " ", html).split()).replace(" .", "."), html

    return show


@pytest.mark.parametrize(
    ("instant", "until", "number"),
    [
        ("2026-12-28T12:00:00Z", "9am tomorrow, Tuesday 29 December", "01632 960229"),
        ("2026-12-31T20:00:00Z", "9am on Monday 4 January", "01632 960221"),
    ],
)
def test_who_can_wait_gets_the_number_of_the_day_on_which_the_line_opens(
    page, instant, until, number
):
    card = page(SEFTON, instant)[0].replace("&#39;", "'")
    team = f"Children's Help and Advice Team (CHAT) on {number}."

    assert f"They answer until {until}" in card
    assert f"After that, or if it can wait, call the {team}" in card


def test_where_another_tier_is_next_who_can_wait_gets_the_first_lines_opening(page):
    works = "special_days: [{date: 2026-11-24, name: Works, phone: 01632 960009}]"
    tier = "  edt: {name: EDT, phone: 01632 960003, hours: {mon-sun: 17:00-01:30}}\nservices:"
    tiers = two_lines(f"phone: 01632 960001, {works}", service="lines: [day, edt]")
    text, _ = page(tiers.replace("services:", tier), NIGHT)

    assert (
        "If it can wait From 9am tomorrow, Tuesday 24 November, call the Day on 01632 960009."
        in (text)
    )


def test_the_page_refers_to_a_line_as_the_council_does_and_shows_other_ways_to_reach_it(page):
    ways = "also: [{kind: text, phone: 07700 900311}, {kind: textphone, phone: 0800 123456}]"
    lines = two_lines("phone: 01632 960001, called: our day team", f"phone: 01632 960002, {ways}")
    text, html = page(lines, NIGHT)

    assert "After that, or if it can wait, call our day team on 01632 960001" in text
    assert 'href="sms:+447700900311"' in html
    assert 'href="tel:0800123456"' in html


@pytest.mark.parametrize("path", ["/", "/services/children/fragment"])
@pytest.mark.parametrize(
    ("instant", "is_over"),
    [("2026-12-24T08:00:00Z", False), ("2026-12-24T16:00:00Z", True)],
)
def test_the_hours_of_a_special_day_are_said_once_the_line_is_closed_for_the_day(
    page, path, instant, is_over
):
    text, _ = page(ROOT / "examples" / "seasons.yaml", instant, path)
    card = text.partition("If nobody answers")[0].partition("All numbers")[0]

    assert (": 8:30am to 3:30pm (Christmas Eve)." in card, "Eve" in card) == (is_over, is_over)


@pytest.mark.parametrize("number", ["101", "999"])
def test_a_number_of_the_police_does_not_end_with_the_answer(page, number):
    text, _ = page(two_lines(night=f"phone: {number}"), NIGHT)

    assert "This number changes at 9am tomorrow, Tuesday 24 November." in text
    assert "They answer until" not in text


def test_where_nobody_answers_a_services_own_number_only_the_same_number_is_called_again(page):
    text, _ = page(ANYSHIRE)
    unanswered = text[text.index("If nobody answers") : text.index("This page cannot find out")]

    assert "Call again." in unanswered
    assert "01632" not in unanswered
    assert "until 5pm" in text
    assert "Call this number until" not in text


def test_where_nobody_answers_a_line_only_other_numbers_are_called(page):
    text, _ = page(two_lines())
    unanswered = text[text.index("If nobody answers") : text.index("This page cannot find out")]

    assert "Call the Night on 01632 960002." in unanswered
    assert "01632 960001" not in unanswered


@pytest.mark.parametrize("phone", ["+44 (0)1632 960001", "0044 1632 960001"])
def test_each_number_is_linked_in_a_form_that_connects(page, phone):
    helplines = """
helplines:
  - {name: Shout, phone: 85258, hours: always, for: texts}
  - {name: Childline, phone: 0800 1111, hours: always, for: children}
  - {name: Short freephone, phone: 0800 123456, hours: always, for: all}
  - {name: Police, phone: 101, hours: always, for: all}
"""
    text, html = page(two_lines(f"phone: {phone}") + helplines)

    links = re.findall(r'href="((?:tel|sms):[^"]+)"', html)
    assert set(links) == {
        *("tel:999", "tel:+441632960001", "tel:1800101632960001", "tel:+441632960002", "tel:101"),
        *("sms:85258", "tel:08001111", "tel:0800123456"),
    }
    assert "18001 01632 960001" in text


@pytest.mark.parametrize(
    ("advice", "linked"),
    [
        ("Call 999 now.", "Call <a"),
        ("Call 0800 999 999.", "Call 0800 999 999. <a"),
        ("We helped 999 families.", "We helped 999 families. <a"),
        ("Shout.", "Shout. <a"),
    ],
)
def test_999_is_linked_where_the_councils_words_have_it_as_a_number_of_its_own(
    page, advice, linked
):
    both = f"emergency: {advice}\nunanswered: {advice}"
    text = re.sub("(?m)^emergency: .*$", both, SEFTON.read_text())

    assert page(text)[1].count(linked) == 3


@pytest.mark.parametrize("path", ["/", "/contacts"])
def test_a_page_says_whose_it_is_and_with_date_and_zone_when_it_was_right(page, path):
    text, _ = page(ANYSHIRE, "2026-10-25T00:30:59Z", path)

    assert text.count("right at 1:30am BST on Sunday 25 October 2026") == 2
    assert "Anyshire County Council. Printed from https://www.anyshire.example: this was" in text


@pytest.mark.parametrize(
    ("path", "has_night_line"),
    [("/", False), ("/contacts", True), (FRAGMENT, True), ("/unknown", True)],
)
def test_relay_uk_is_shown_for_each_number_but_one_abroad(page, path, has_night_line):
    text, html = page(two_lines("phone: +353 1 234 5678"), path=path)

    assert ("18001 01632 960002" in text) is has_night_line
    assert "18001 +353" not in text and "tel:18001353" not in html
    assert "before the number" not in text


@pytest.mark.parametrize("path", ["/", FRAGMENT, "/api/v1/services/s/decision"])
def test_a_line_that_answers_beyond_its_hours_is_not_called_closed(page, path):
    training = "special_days: [{date: 2026-11-23, name: Training, hours: 12:00-17:00}]"
    alone = two_lines(f"phone: 01632 960001, {training}").replace("hours: night", "hours: day")

    assert "is closed" not in page(alone, "2026-11-23T18:00:00Z", path)[0]


def test_the_list_has_the_day_lines_the_line_of_all_other_times_and_then_who_else_to_try(page):
    text, _ = page(ROOT / "examples" / "seasons.yaml", path="/services/children/fragment")
    numbers = text.partition("All numbers")[2]
    first, others, backup = map(
        numbers.index, ("Call our front door", "At all other times", "If nobody answers, call the")
    )

    assert first < others < backup < numbers.index("Duty Manager")


def test_a_list_says_the_number_of_a_service_whose_own_day_line_is_internal(page):
    early = "special_days: [{date: 2026-12-24, name: E, hours: 09:00-12:00, phone: 01632 960009}]"
    internal = f"phone: 01632 960001, visibility: internal, {early}"
    lines = two_lines(internal, "phone: 999", "lines: [day], number: 01632 960100")
    text, html = page(lines, path=FRAGMENT)

    assert (
        "Call the Day on 01632 960100. Monday to Friday: 9am to 5pm; Saturday and Sunday: closed. "
        "Thursday 24 December (E): 9am to midday. At all other times, call the Night on 999."
    ) in text
    assert "01632 960001" not in html
    assert "01632 960009" not in html
    assert re.findall(r'"contactType": "S".*?"name": "(\w+)"', page(lines)[1]) == ["S", "Night"]


def test_a_sentence_ends_with_one_full_stop_after_the_councils_words_and_what_to_press(page):
    words = two_lines("phone: 01632 960001, options: press 2.") + "unanswered: Ring the police\n"
    text, _ = page(words, path=FRAGMENT)
    printed, _ = page(words, path="/unknown")

    assert "Shout for help. Call 999." in text
    assert "Call the Day on 01632 960001 (press 2). They answer" in text
    assert "Ring the police. Call 999." in text
    assert "Ring the police." in printed


@pytest.mark.parametrize(
    ("instant", "until"),
    [("08:59:59", "23T09:00:00"), ("09:00:00", "23T17:00:00"), ("17:00:00", "24T00:00:00")],
)
def test_open_contacts_change_when_any_line_opens_or_closes_and_at_midnight(page, instant, until):
    _, html = page(two_lines(service="lines: [night]"), f"2026-11-23T{instant}Z", "/contacts")

    assert f'data-until="2026-11-{until}+00:00"' in html


@pytest.mark.parametrize("path", ["/", "/contacts"])
def test_every_line_is_shown_with_its_number_of_that_day(page, path):
    works = "special_days: [{date: 2026-11-23, name: Works, phone: 01632 960009}]"
    _, html = page(two_lines(night=f"phone: 01632 960002, {works}"), path=path)

    assert 'href="tel:+441632960009"' in html
    assert "960002" not in html.partition("<main")[2]


EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
INSTANTS = [
    f"2026-12-{day}T{time}Z" for day, time in ((23, "12:00:00"), (24, "16:57:00"), (28, "07:58:00"))
]
MOMENT = re.compile(r"\b\d{1,2}(?::\d\d)?[ap]m\b[^.]*")
DATE = re.compile(r"\b\d{1,2} [A-Z][a-z]{2,}\b")
NUMBER = re.compile(r"\b0\d{2,4} \d{3,6}(?: \d{3,4})?\b")
CARDS = (
    ("now", 'id="now"', "<h2", (NUMBER, MOMENT, DATE)),
    ("fragment", "<div data-who-answer", "<div data-who-numbers", (MOMENT, DATE)),
)


@pytest.mark.parametrize("directory", EXAMPLES, ids=lambda path: path.stem)
def test_no_sentence_of_a_years_cards_repeats_a_moment_or_a_number(make_app, clock, directory):
    app = make_app(directory)
    client = app.test_client()
    for service, at in _instants_of_different_cards(app):
        clock.at = at
        languages = app.extensions["snapshot_loader"].snapshot.directory.languages
        for language, (page, first, end, patterns) in product(languages, CARDS):
            html = client.get(f"/services/{service}/{page}?lang={language}").text
            card = html[html.index(first) :].partition(end)[0]
            text = " ".join(re.sub(r"<[^>]+>", " ", card).split())
            for pattern in patterns:
                occurrences = pattern.findall(text)
                assert len(occurrences) == len(set(occurrences)), (at, text)


def _instants_of_different_cards(app):
    """Return a service and an instant for each card of a year that has words of its own.

    Cards that differ in a date or the name of a bank holiday alone count as one. The instants are
    the handovers, and between two a quarter, three quarters, and three minutes before the second.
    """
    start = datetime(2026, 11, 24, tzinfo=UTC)
    cards = {}
    with app.app_context():
        timetables, zone = lookup.snapshot().timetables, lookup.locale().zone
        for service in timetables.directory.services:
            spans = list(timeline(timetables, service.id, start, start + timedelta(days=365)))
            for (span, answer), (_, following) in zip(spans, [*spans[1:], spans[0]], strict=True):
                quarter, ends = (span.end - span.start) / 4, span.end.astimezone(zone)
                notice = span.end - timedelta(minutes=3)
                for at in (span.start, span.start + quarter, span.end - quarter, notice):
                    days_left = min(2, (ends.date() - at.astimezone(zone).date()).days)
                    reason = (answer.reason.code, answer.reason.special_day)
                    lines = (answer.line, answer.phone, following.line, following.phone)
                    card = (service.number, *lines, *reason, ends.time(), days_left, at == notice)
                    cards.setdefault(card, (service.id, at))
    return cards.values()


@pytest.mark.parametrize("name", ["anyshire", "darlington", "sefton", "swansea"])
def test_at_most_thirty_words_come_before_the_number(make_app, clock, name):
    directory = ROOT / "examples" / f"{name}.yaml"  # bin/prove: every example
    client, languages = make_app(directory).test_client(), load(directory)[0].languages
    services = [service["id"] for service in client.get("/api/v1/services").json["services"]]
    for instant, service in product(INSTANTS, services):
        clock.set(instant)
        for page, language in product(("", "/professionals"), languages):
            html = client.get(f"/services/{service}{page}?lang={language}").text
            before = html[html.index("<main") :].partition('<p class="who-big"')[0]
            before = re.sub(r"(?s)<p[^>]* hidden>.*?</p>", "", before)
            words = re.sub(r"<[^>]+>", " ", re.sub(r"</?a[^>]*>", "", before)).split()

            assert len(words) <= 30, " ".join(words)


@pytest.mark.parametrize("name", ["anyshire", "sefton", "warrington"])
def test_an_acronym_comes_after_its_words(make_app, name):
    client = make_app(ROOT / "examples" / f"{name}.yaml").test_client()
    services = [service["id"] for service in client.get("/api/v1/services").json["services"]]
    paths = ["/contacts", "/accessibility", "/privacy", "/unknown"]
    paths += [f"/services/{id}{page}" for id in services for page in ("", "/professionals")]
    for path in paths:
        html = client.get(path).text
        text = re.sub(r"Also known as: [^<]*|<(?:head|script)[\s\S]*?</(?:head|script)>", "", html)
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
        acronyms = set(re.findall(r"\b[A-Z]{2,}\b", text)) - NAMES
        before = {acronym: text.partition(f" {acronym}")[0] for acronym in acronyms}

        assert [acronym for acronym in acronyms if f"({acronym})" not in before[acronym]] == []


NAMES = {"UK", "GOV", "NSPCC", "AA"}
"""What is known by these letters alone: GOV.UK, Relay UK, and AA, a level of accessibility."""
