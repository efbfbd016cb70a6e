"""The handover in an open page: by the server's clock, and never an answer that has ended."""

import json
import re
import time
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from browser.conftest import COMPONENT, DAY, NIGHT, NOON, Pages, council, other_website
from serving import flask, free_port

PATHS = ["/", "/services/children/professionals"]
FIVE = datetime.fromisoformat("2026-11-24T17:00:00+00:00")
CLOCKS = {"right": 0, "two hours fast": 2, "two hours slow": -2}
"""Devices' clocks: how many hours each is fast."""

SHOWN = """() => {
    const root = document.querySelector("who-to-call")?.shadowRoot ?? document;
    const answer = root.querySelector("[data-who-answer]");
    return answer.checkVisibility() ? answer.querySelector(".who-big a, [part=phone] a").text : "";
}"""


def shown(page):
    """Return the number that a page or a component says to call; "" where it says none."""
    return page.evaluate(SHOWN).strip()


def content(page):
    """Return what a page says, without what it only announces."""
    page.evaluate("document.querySelector('[data-who-status]').textContent = ''")
    return page.inner_text("main")


def wait_for_number(page, number, seconds=15):
    """Poll until a page shows a number."""
    ends = time.monotonic() + seconds
    while shown(page) != number:
        assert time.monotonic() < ends, f"{shown(page)} after {seconds} s"
        time.sleep(0.05)


def seconds_until(server, at):
    """Return how long it is to an instant by the server's clock."""
    return (at - datetime.fromisoformat(server.decision()["at"])).total_seconds()


def refuse(page):
    """Let a page reach no server any more, as when it is stopped."""
    page.context.route("**/*", lambda route: route.abort("connectionrefused"))


def open_with_clock(pages, address, hours_fast):
    """Open a page on a device whose clock is so many hours fast."""
    page = pages.open()
    page.add_init_script(
        f"const real = Date, by = {hours_fast * 3_600_000}; Date = class extends real {{ "
        "constructor(...a) { a.length ? super(...a) : super(real.now() + by) } "
        "static now() { return real.now() + by } }"
    )
    page.goto(address)
    page.focus("[data-who-answer] a")
    return page


def open_all(well, cut_off, base, website):
    """Open pages before 5pm, by what is the matter with each: ``cut_off`` has those that cannot
    reach the service from then on.
    """
    clocks = {name: open_with_clock(well, f"{base}/", fast) for name, fast in CLOCKS.items()}
    opened = clocks | {path: well.open(base + path) for path in PATHS}
    opened["component"] = well.open(website)
    opened["no server"], opened["offline"] = (cut_off.open(f"{base}/") for _ in range(2))
    opened["component, no server"] = cut_off.open(website)
    opened["a request hangs"] = cut_off.open(f"{base}/")
    for component in ("component", "component, no server"):
        opened[component].locator("who-to-call [part=phone] a").wait_for()
    return opened


@pytest.fixture(scope="module")
def five(chromium, tmp_path_factory):
    """Pages left open from before 5pm until after it.

    Yields those ``opened`` by name, what each said ``before``, and the seconds from 5pm at which
    the old number was ``withdrawn`` from it and ``replaced`` by the new one.
    """
    for lead in (14, 30, 55):  # a busy machine takes long to open them
        starts = {"CLOCK_STARTS_AT": (FIVE - timedelta(seconds=lead)).isoformat()}
        folder = tmp_path_factory.mktemp("five")
        with (
            council(folder, **starts) as server,
            other_website(COMPONENT, server.base) as website,
            Pages(chromium) as well,
            Pages(chromium) as cut_off,
        ):
            opened = open_all(well, cut_off, server.base, website)
            if seconds_until(server, FIVE) < 2:
                continue
            before = {name: opened[name].inner_text("main") for name in opened}
            assert {name: shown(page) for name, page in opened.items()} == dict.fromkeys(
                opened, DAY
            )
            opened["offline"].context.set_offline(True)
            refuse(opened["no server"])
            refuse(opened["component, no server"])
            hang_once(opened["a request hangs"])
            withdrawn, replaced = watch(server, opened)
            yield SimpleNamespace(**locals())
            return
    raise AssertionError("the machine takes more than 53 s to open ten pages")


def hang_once(page):
    """Let the next request of a page hang, and have the page send it."""
    hung = []

    def hang(route):
        if hung:
            return route.continue_()
        return hung.append(route)  # never answered

    page.route("**/now", hang)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def watch(server, opened):
    """Return when the old number went from each page, and when the new one came; in seconds from
    5pm, by the names of the pages.
    """
    began = time.monotonic() + seconds_until(server, FIVE)
    withdrawn, replaced = {}, {}
    while time.monotonic() < began + 10 and (len(withdrawn), len(replaced)) < (10, 7):
        for name, page in opened.items():
            number, now = shown(page), time.monotonic() - began
            if number != DAY:
                withdrawn.setdefault(name, now)
            if number == NIGHT:
                replaced.setdefault(name, now)
    return withdrawn, replaced


@pytest.mark.parametrize("clock", CLOCKS)
def test_the_page_changes_at_the_handover_whatever_the_devices_clock_says(five, clock):
    page = five.opened[clock]

    assert "This number changes at 5pm today" in five.before[clock]
    assert -0.3 <= five.replaced[clock] <= 2  # a second, and one for a busy machine
    assert page.inner_text("[data-who-status]") == (
        f"Call the Emergency Duty Service (EDS) on {NIGHT}."
    )
    assert page.evaluate("document.activeElement.textContent") == NIGHT
    assert five.well.console == []


@pytest.mark.parametrize("path", PATHS)
def test_an_open_page_after_a_handover_says_the_same_as_a_fresh_one(five, pages, path):
    assert content(five.opened[path]) == content(pages.open(five.server.base + path))
    assert content(five.opened[path]) != five.before[path]


def test_no_answer_outlives_its_handover_by_more_than_its_second(five):
    assert five.withdrawn.keys() == five.opened.keys()
    assert max(five.withdrawn.values()) <= 2.5


def test_without_the_server_the_page_shows_all_numbers_and_no_answer(five):
    page = five.opened["no server"]
    text = page.inner_text("[data-who-lost]")

    assert not page.is_visible("[data-who-answer]")
    for words in ("cannot find out who answers", DAY, NIGHT, "8:30am to 4:30pm"):
        assert words in text


def test_without_a_network_the_line_that_takes_over_stands_first(five):
    assert NIGHT in five.opened["offline"].inner_text("[data-who-lost] .who-line")


def test_a_request_that_hangs_over_the_handover_is_sent_again(five):
    assert five.replaced["a request hangs"] <= 6


def test_the_component_changes_and_announces_it_without_taking_the_focus(five):
    page = five.opened["component"]

    assert -0.3 <= five.replaced["component"] <= 2
    assert page.locator("who-to-call [role=status]").inner_text() == (
        f"Call the Emergency Duty Service (EDS) on {NIGHT}."
    )
    assert page.evaluate("document.activeElement === document.body")


def test_of_a_component_without_the_server_the_numbers_and_999_stand_alone(five):
    page = five.opened["component, no server"]
    day, night = page.locator("who-to-call li").all_inner_texts()

    assert not page.locator("who-to-call [data-who-answer]").is_visible()
    assert page.locator("who-to-call [part=emergency]").is_visible()
    assert (DAY in day, NIGHT in night) == (True, True)


def test_offline_for_three_seconds_the_answer_stays_and_says_when_it_was_right(pages, noon):
    page = pages.open(f"{noon.base}/")
    page.context.set_offline(True)
    page.wait_for_selector("[data-who-unchecked]", state="visible", timeout=3000)
    words = r"It was right at (midday|12:\d\dpm), when it last asked"
    assert re.search(words, page.inner_text("[data-who-unchecked]"))
    assert shown(page) == DAY
    page.wait_for_timeout(3000)
    page.context.set_offline(False)
    page.wait_for_selector("[data-who-unchecked]", state="hidden", timeout=8000)

    assert content(page) == content(pages.open(f"{noon.base}/"))


def test_offline_for_an_hour_asleep_the_page_shows_all_numbers_until_it_can_ask(pages, noon):
    page = pages.open(f"{noon.base}/")
    page.context.set_offline(True)
    page.evaluate("Date.now = (now => () => now() + 3_600_000)(Date.now)")
    page.wait_for_selector("[data-who-lost]", state="visible", timeout=3000)
    assert not page.is_visible("[data-who-answer]")
    page.context.set_offline(False)
    page.wait_for_selector("[data-who-answer]", state="visible", timeout=8000)

    assert content(page) == content(pages.open(f"{noon.base}/"))


def test_an_open_page_asks_each_second_and_a_list_of_contacts_at_once_after_a_sleep(pages, noon):
    page, contacts = pages.open(f"{noon.base}/"), pages.open(f"{noon.base}/contacts")
    for _ in range(3):
        page.wait_for_event(
            "response", lambda response: response.url.endswith("/now"), timeout=3000
        )
    with contacts.expect_request("**/contacts", timeout=3000):
        contacts.evaluate("Date.now = (now => () => now() + 3_600_000)(Date.now)")
    contacts.context.set_offline(True)
    contacts.evaluate("Date.now = (now => () => now() + 3_600_000)(Date.now)")
    contacts.wait_for_selector("[data-who-lost]", state="visible", timeout=3000)

    assert not contacts.locator(".who-state").first.is_visible()
    assert contacts.locator(".who-tel").first.is_visible()


def test_an_open_page_after_a_divert_and_after_its_end_says_the_same_as_a_fresh_one(pages, noon):
    opened = {path: pages.open(noon.base + path) for path in PATHS}
    contacts = pages.open(f"{noon.base}/contacts")
    before = {path: content(page) for path, page in opened.items()}
    divert = ("children", "eds", "--until", "1h", "--note", "No telephones", "--although-closed")
    flask(noon.folder, "divert", "set", *divert, **NOON)
    for path, page in opened.items():
        wait_for_number(page, NIGHT)
        assert content(page) == content(pages.open(noon.base + path)) != before[path]
    contacts.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    contacts.locator(".who-state").first.filter(has_text="Closed now").wait_for(timeout=5000)
    assert content(contacts) == content(pages.open(f"{noon.base}/contacts"))

    (divert,) = json.loads(flask(noon.folder, "divert", "list", "--format", "json", **NOON))
    flask(noon.folder, "divert", "end", str(divert["id"]), **NOON)
    while noon.decision()["reason"]["code"] == "divert":
        time.sleep(0.05)
    for path, page in opened.items():
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        wait_for_number(page, DAY)
        assert content(page) == content(pages.open(noon.base + path))


def test_an_open_page_after_a_restart_says_the_same_as_a_fresh_one(pages, tmp_path):
    port = free_port()
    with council(tmp_path, port=port, **NOON) as server:
        page = pages.open(f"{server.base}/")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector("[data-who-unchecked]", state="visible", timeout=8000)
    assert shown(page) == DAY
    with council(tmp_path, port=port, **NOON):
        page.wait_for_selector("[data-who-unchecked]", state="hidden", timeout=15000)

        assert content(page) == content(pages.open(f"{server.base}/"))


def test_an_open_page_says_tomorrow_until_midnight_and_today_after_it(pages, tmp_path):
    starts = "2026-11-24T23:59:54Z"
    with council(tmp_path, CLOCK_STARTS_AT=starts) as server:
        page = pages.open(f"{server.base}/")
        assert "tomorrow, Wednesday 25 November" in page.inner_text("[data-who-answer]")
        today = page.get_by_text("today, Wednesday 25 November")
        today.first.wait_for(state="visible", timeout=20000)

        assert page.inner_text("main") == pages.open(f"{server.base}/").inner_text("main")
