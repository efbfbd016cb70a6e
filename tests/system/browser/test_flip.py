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
HOUR = timedelta(hours=1)

SHOWN = """() => {
    const root = document.querySelector("who-to-call")?.shadowRoot ?? document;
    const answer = root.querySelector("[data-who-answer]");
    return answer.checkVisibility() ? answer.querySelector(".who-big a, [part=phone] a").text : "";
}"""
LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


class Tab:
    """A page, or one with a component, whose clock stands still, as the application's does."""

    def __init__(self, pages, application, path, hours_fast):
        self.pages, self.application = pages, application
        device = application.clock() + hours_fast * HOUR
        if path is COMPONENT:
            self.page = pages.open(application=application, clock=device)
            open_website(self.page, COMPONENT)
        else:
            self.page = pages.open(path, application, device)
        self.page.locator(".who-big a, who-to-call [part=phone] a").wait_for()

    @property
    def number(self):
        """The number that it says to call; "" where it says none."""
        return self.page.evaluate(SHOWN).strip()

    @property
    def content(self):
        """What it says, without what it only announces."""
        self.page.evaluate("document.querySelector('[data-who-status]').textContent = ''")
        return self.page.inner_text("main")

    def text(self, name):
        return self.page.inner_text(f"[data-who-{name}]")

    def disconnect(self, has_network=True):
        """Take the application away, and the network as well unless it stays."""
        self.application.is_down = True
        self.page.context.set_offline(not has_network)

    def connect(self):
        self.application.is_down = False
        self.page.context.set_offline(False)

    def pass_time(self, seconds):
        """Let time pass here and in the application, in steps of a fifth of a second."""
        for _ in range(round(seconds * 5)):
            self.application.clock.at += timedelta(seconds=0.2)
            self.page.clock.run_for(200)
            ends = time.monotonic() + 30
            while not self.application.hangs and len(self.pages.ended) < len(self.pages.requests):
                assert time.monotonic() < ends, self.pages.requests[-3:]
                self.page.wait_for_timeout(5)

    def sleep(self, length):
        """Let time pass at once, as a device that sleeps."""
        self.page.clock.fast_forward(length // timedelta(milliseconds=1))
        self.application.clock.at += length

    def wait_for(self, number, longest):
        """Let so many seconds pass at most, until it shows a number."""
        for _ in range(round(longest * 5)):
            if self.number == number:
                return
            self.pass_time(0.2)
        assert self.number == number


@pytest.fixture
def open_tab(pages, application):
    def open_tab(path="/", at=None, hours_fast=0, application=application):
        if at:
            application.clock.set(at)
        return Tab(pages, application, path, hours_fast)

    return open_tab


@pytest.mark.parametrize(
    ("path", "hours_fast"),
    [("/", 0), ("/", 2), (PATHS[1], -2)],
    ids=["right", "two hours fast", "two hours slow"],
)
def test_the_page_changes_at_the_handover_whatever_the_devices_clock_says(
    pages, open_tab, path, hours_fast
):
    tab = open_tab(path, BEFORE_FIVE, hours_fast)
    tab.page.focus("[data-who-answer] a")
    before = tab.page.inner_text("main")
    assert "This number changes at 5pm today" in before
    tab.pass_time(1.6)
    assert tab.number == DAY
    tab.wait_for(NIGHT, 1.4)

    assert tab.text("status") == f"Call the Emergency Duty Service (EDS) on {NIGHT}."
    assert tab.page.evaluate("document.activeElement.textContent") == NIGHT
    assert tab.content == open_tab(path).content != before
    assert pages.console == []


def test_the_component_changes_and_announces_it_without_taking_the_focus(open_tab):
    tab = open_tab(COMPONENT, BEFORE_FIVE)
    tab.pass_time(1.6)
    assert tab.number == DAY
    tab.wait_for(NIGHT, 1.4)

    assert tab.page.locator("who-to-call [role=status]").inner_text() == (
        f"Call the Emergency Duty Service (EDS) on {NIGHT}."
    )
    assert tab.page.evaluate("document.activeElement === document.body")


@pytest.mark.parametrize("has_network", [True, False])
def test_without_the_server_the_page_shows_the_line_that_takes_over_then_all_numbers(
    open_tab, has_network
):
    tab = open_tab("/", BEFORE_FIVE)
    tab.disconnect(has_network)
    tab.wait_for("", 3)

    assert NIGHT in tab.page.inner_text("[data-who-lost] .who-line")
    for words in ("cannot find out who answers", DAY, NIGHT, "8:30am to 4:30pm"):
        assert words in tab.text("lost")


def test_a_request_that_hangs_over_the_handover_is_sent_again_and_no_old_number_stands_meanwhile(
    open_tab, application
):
    tab = open_tab("/", BEFORE_FIVE)
    application.hangs = True
    tab.page.evaluate(LOOK_AGAIN)
    tab.wait_for("", 3)
    application.hangs = False

    tab.wait_for(NIGHT, 3)


def test_of_a_component_without_the_server_the_numbers_and_999_stand_alone(open_tab):
    tab = open_tab(COMPONENT, BEFORE_FIVE)
    tab.disconnect()
    tab.wait_for("", 3)
    day, night = tab.page.locator("who-to-call li").all_inner_texts()

    assert tab.page.locator("who-to-call [part=emergency]").is_visible()
    assert (DAY in day, NIGHT in night) == (True, True)


@pytest.mark.parametrize("has_network", [True, False], ids=["restart", "offline"])
def test_after_a_restart_or_six_seconds_offline_an_open_page_says_the_same_as_a_fresh_one(
    open_tab, has_network
):
    """Meanwhile the answer stays, and says when it was right."""
    tab = open_tab()
    tab.disconnect(has_network)
    tab.pass_time(6)
    assert "It was right at midday on " in tab.text("unchecked")
    assert tab.number == DAY
    tab.connect()
    tab.pass_time(6)

    assert not tab.page.is_visible("[data-who-unchecked]")
    assert tab.content == open_tab().content


def test_offline_for_an_hour_asleep_the_page_shows_all_numbers_until_it_can_ask(open_tab):
    tab = open_tab()
    tab.disconnect(has_network=False)
    tab.sleep(HOUR)
    tab.pass_time(1.2)
    assert tab.page.is_visible("[data-who-lost]")
    assert tab.number == ""
    tab.connect()
    tab.page.wait_for_selector("[data-who-answer]", state="visible")

    assert tab.content == open_tab().content


def test_an_open_page_asks_each_second_and_a_list_of_contacts_at_once_after_a_sleep(
    pages, open_tab, application
):
    tab = open_tab()
    pages.requests.clear()
    pages.ended.clear()
    for _ in range(50):
        if not pages.requests:  # a page may take long to start
            tab.pass_time(0.2)
    tab.pass_time(2.2)
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


def test_an_open_page_after_a_divert_and_after_its_end_says_the_same_as_a_fresh_one(
    open_tab, pages, clock, make_stored
):
    clock.set("2026-11-24T12:00:00Z")
    application = Application(make_stored(WEST_BERKSHIRE, PUBLIC_BASE_URL=HOME), clock)

    def divert(*words):
        done = application.app.test_cli_runner().invoke(args=["divert", *words])
        assert done.exit_code == 0, done.output
        with application.app.app_context():
            lookup.read_diverts(max_age=0, timeout=10)

    tabs = {path: open_tab(path, application=application) for path in PATHS}
    contacts = pages.open("/contacts", application)
    before = {path: tab.content for path, tab in tabs.items()}
    words = ("--until", "1h", "--note", "No telephones", "--although-closed")
    divert("set", "children", "eds", *words)
    for path, tab in tabs.items():
        tab.wait_for(NIGHT, 3)
        assert tab.content == open_tab(path, application=application).content != before[path]
    contacts.evaluate(LOOK_AGAIN)
    contacts.locator(".who-state").first.filter(has_text="Closed now").wait_for()

    divert("end", "1")
    for path, tab in tabs.items():
        tab.wait_for(DAY, 3)
        assert tab.content == open_tab(path, application=application).content


def test_an_open_page_says_tomorrow_until_midnight_and_today_after_it(open_tab):
    tab = open_tab("/", "2026-11-24T23:59:58Z")
    assert "tomorrow, Wednesday 25 November" in tab.text("answer")
    tab.pass_time(3)

    assert "today, Wednesday 25 November" in tab.text("answer")
    assert tab.page.inner_text("main") == open_tab().page.inner_text("main")
