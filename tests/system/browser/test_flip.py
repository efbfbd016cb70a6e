"""The handover in an open page: by the server's clock, and never an answer that has ended.

The clocks of the service and of the browser stand still until a test moves them: how long the
machine takes changes nothing.
"""

import time
from datetime import timedelta

import pytest
from browser.conftest import (
    COMPONENT,
    DAY,
    HOME,
    NIGHT,
    WEST_BERKSHIRE,
    Application,
    open_website,
)

from routing import lookup

PATHS = ["/", "/services/children/professionals"]
BEFORE_FIVE = "2026-11-24T16:59:58Z"
DEVICES = {"right": ("/", 0), "two hours fast": ("/", 2), "two hours slow": (PATHS[1], -2)}
"""A path, and how many hours the device's clock is fast."""

SHOWN = """() => {
    const root = document.querySelector("who-to-call")?.shadowRoot ?? document;
    const answer = root.querySelector("[data-who-answer]");
    return answer.checkVisibility() ? answer.querySelector(".who-big a, [part=phone] a").text : "";
}"""
ANSWERED = ".who-big a, who-to-call [part=phone] a"


def number(page):
    """Return the number that a page or a component says to call; "" where it says none."""
    return page.evaluate(SHOWN).strip()


def content(page):
    """Return what a page says, without what it only announces."""
    page.evaluate("document.querySelector('[data-who-status]').textContent = ''")
    return page.inner_text("main")


@pytest.fixture
def open_page(pages, application):
    """Open a page whose clock stands still, as the application's does."""

    def open_page(path, hours_fast=0, at=None, application=application):
        if at:
            application.clock.set(at)
        device = application.clock() + timedelta(hours=hours_fast)
        if path is COMPONENT:
            page = pages.open(application=application, clock=device)
            open_website(page, COMPONENT)
        else:
            page = pages.open(path, application, device)
        page.locator(ANSWERED).wait_for()
        return page

    return open_page


@pytest.fixture
def pass_time(pages, application):
    """Let time pass for a page and the application, in steps of a fifth of a second at most."""

    def pass_time(page, seconds):
        for _ in range(round(seconds * 5)):
            application.clock.at += timedelta(seconds=0.2)
            page.clock.run_for(200)
            ends = time.monotonic() + 30
            while not application.hangs and len(pages.ended) < len(pages.requests):
                assert time.monotonic() < ends, pages.requests[-3:]
                page.wait_for_timeout(5)

    return pass_time


@pytest.fixture
def until(pass_time):
    """Let time pass until a page shows a number; return how many seconds."""

    def until(page, wanted, longest):
        for step in range(round(longest * 5) + 1):
            if number(page) == wanted:
                return step / 5
            pass_time(page, 0.2)
        raise AssertionError(f"{number(page)!r} after {longest} s")

    return until


@pytest.mark.parametrize(("path", "hours_fast"), DEVICES.values(), ids=DEVICES)
def test_the_page_changes_at_the_handover_whatever_the_devices_clock_says(
    pages, open_page, pass_time, until, path, hours_fast
):
    page = open_page(path, hours_fast, BEFORE_FIVE)
    page.focus("[data-who-answer] a")
    before = page.inner_text("main")
    assert "This number changes at 5pm today" in before
    pass_time(page, 1.6)
    assert number(page) == DAY
    until(page, NIGHT, 1.4)

    assert page.inner_text("[data-who-status]") == (
        f"Call the Emergency Duty Service (EDS) on {NIGHT}."
    )
    assert page.evaluate("document.activeElement.textContent") == NIGHT
    assert content(page) == content(open_page(path)) != before
    assert pages.console == []


def test_the_component_changes_and_announces_it_without_taking_the_focus(
    open_page, pass_time, until
):
    page = open_page(COMPONENT, at=BEFORE_FIVE)
    pass_time(page, 1.6)
    assert number(page) == DAY
    until(page, NIGHT, 1.4)

    assert page.locator("who-to-call [role=status]").inner_text() == (
        f"Call the Emergency Duty Service (EDS) on {NIGHT}."
    )
    assert page.evaluate("document.activeElement === document.body")


def test_without_the_server_the_page_shows_all_numbers_and_no_answer(open_page, application, until):
    page = open_page("/", at=BEFORE_FIVE)
    application.is_down = True
    until(page, "", 3)
    text = page.inner_text("[data-who-lost]")

    for words in ("cannot find out who answers", DAY, NIGHT, "8:30am to 4:30pm"):
        assert words in text


def test_without_a_network_the_line_that_takes_over_stands_first(open_page, application, until):
    page = open_page("/", at=BEFORE_FIVE)
    application.is_down = True
    page.context.set_offline(True)
    until(page, "", 3)

    assert NIGHT in page.inner_text("[data-who-lost] .who-line")


def test_a_request_that_hangs_over_the_handover_is_sent_again_and_no_old_number_stands_meanwhile(
    open_page, application, pass_time, until
):
    page = open_page("/", at=BEFORE_FIVE)
    application.hangs = True
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    until(page, "", 3)
    application.hangs = False

    until(page, NIGHT, 3)


def test_of_a_component_without_the_server_the_numbers_and_999_stand_alone(
    open_page, application, until
):
    page = open_page(COMPONENT, at=BEFORE_FIVE)
    application.is_down = True
    until(page, "", 3)
    day, night = page.locator("who-to-call li").all_inner_texts()

    assert page.locator("who-to-call [part=emergency]").is_visible()
    assert (DAY in day, NIGHT in night) == (True, True)


def test_offline_for_six_seconds_the_answer_stays_and_says_when_it_was_right(
    open_page, application, pass_time
):
    page = open_page("/")
    application.is_down = True
    page.context.set_offline(True)
    pass_time(page, 6)
    text = page.inner_text("[data-who-unchecked]")
    assert "It was right at midday on " in text
    assert number(page) == DAY
    application.is_down = False
    page.context.set_offline(False)
    page.wait_for_selector("[data-who-unchecked]", state="hidden")

    assert content(page) == content(open_page("/"))


def test_offline_for_an_hour_asleep_the_page_shows_all_numbers_until_it_can_ask(
    open_page, application, pass_time
):
    page = open_page("/")
    application.is_down = True
    page.context.set_offline(True)
    page.clock.fast_forward(3_600_000)
    application.clock.at += timedelta(hours=1)
    pass_time(page, 1.2)
    assert page.is_visible("[data-who-lost]")
    assert number(page) == ""
    application.is_down = False
    page.context.set_offline(False)
    page.wait_for_selector("[data-who-answer]", state="visible")

    assert content(page) == content(open_page("/"))


def test_an_open_page_asks_each_second_and_a_list_of_contacts_at_once_after_a_sleep(
    pages, open_page, application, pass_time
):
    page = open_page("/")
    pages.requests.clear()
    pages.ended.clear()
    pass_time(page, 3.2)
    assert pages.requests == [f"{HOME}/services/children/now"] * 3

    contacts = pages.open("/contacts", application, application.clock())
    with contacts.expect_request("**/contacts"):
        contacts.clock.fast_forward(3_600_000)
        contacts.clock.run_for(200)
    application.is_down = True
    contacts.clock.fast_forward(3_600_000)
    contacts.clock.run_for(1_200)
    contacts.wait_for_selector("[data-who-lost]", state="visible")

    assert not contacts.locator(".who-state").first.is_visible()
    assert contacts.locator(".who-tel").first.is_visible()


@pytest.fixture
def divert(application, make_stored):
    """Run a command about diverts, and have its effect read. Its service has a database."""
    application = Application(make_stored(WEST_BERKSHIRE, PUBLIC_BASE_URL=HOME), application.clock)

    def divert(*words):
        done = application.app.test_cli_runner().invoke(args=["divert", *words])
        assert done.exit_code == 0, done.output
        with application.app.app_context():
            lookup.read_diverts(max_age=0, timeout=10)

    divert.application = application
    return divert


def test_an_open_page_after_a_divert_and_after_its_end_says_the_same_as_a_fresh_one(
    open_page, pages, divert, until
):
    opened = {path: open_page(path, application=divert.application) for path in PATHS}
    contacts = pages.open("/contacts", divert.application)
    before = {path: content(page) for path, page in opened.items()}
    words = ("--until", "1h", "--note", "No telephones", "--although-closed")
    divert("set", "children", "eds", *words)
    for path, page in opened.items():
        until(page, NIGHT, 3)
        fresh = open_page(path, application=divert.application)
        assert content(page) == content(fresh) != before[path]
    contacts.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    contacts.locator(".who-state").first.filter(has_text="Closed now").wait_for()
    assert content(contacts) == content(pages.open("/contacts", divert.application))

    divert("end", "1")
    for path, page in opened.items():
        until(page, DAY, 3)
        assert content(page) == content(open_page(path, application=divert.application))


def test_an_open_page_after_a_restart_says_the_same_as_a_fresh_one(
    open_page, application, pass_time
):
    page = open_page("/")
    application.is_down = True
    pass_time(page, 3)
    assert page.is_visible("[data-who-unchecked]")
    assert number(page) == DAY
    application.is_down = False
    pass_time(page, 6)

    assert not page.is_visible("[data-who-unchecked]")
    assert content(page) == content(open_page("/"))


def test_an_open_page_says_tomorrow_until_midnight_and_today_after_it(open_page, pass_time):
    page = open_page("/", at="2026-11-24T23:59:58Z")
    assert "tomorrow, Wednesday 25 November" in page.inner_text("[data-who-answer]")
    pass_time(page, 3)

    assert "today, Wednesday 25 November" in page.inner_text("[data-who-answer]")
    assert page.inner_text("main") == open_page("/").inner_text("main")
