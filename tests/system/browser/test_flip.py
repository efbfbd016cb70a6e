"""The handover in an open page: by the server's clock, and never an answer that has ended."""

import json
import time
import urllib.request
from datetime import datetime

import pytest
from conftest import ROOT

WEST_BERKSHIRE = ROOT / "examples" / "west-berkshire.yaml"
TWO_HOURS = 2 * 60 * 60 * 1000
DAY, NIGHT = "01632 960111", "01632 960199"


def shown(page):
    return page.inner_text("[data-who-answer] .who-big").strip()


def when_it_changes(page, after, seconds):
    """Return how long it takes until the page shows another number."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if page.is_visible("[data-who-answer]") and shown(page) == after:
            return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError(f"still {shown(page)} after {seconds} s")


def to_five(address):
    """Return how many seconds there are to 5pm by the server's clock."""
    with urllib.request.urlopen(f"{address}/api/v1/services/children/decision") as answer:
        at = datetime.fromisoformat(json.load(answer)["at"])
    return (datetime.fromisoformat("2026-11-24T17:00:00+00:00") - at).total_seconds()


def before_five(serve):
    """Serve with the clock a little before 5pm, however long the machine takes to start."""
    for second in (52, 40, 20):
        starts = f"2026-11-24T16:59:{second}Z"
        address, process = serve(WEST_BERKSHIRE, CLOCK_STARTS_AT=starts, WEB_CONCURRENCY="1")
        if to_five(address) >= 5:
            return address, process
    raise AssertionError("the machine takes more than 30 s to start a server")


@pytest.mark.parametrize("wrong", [0, TWO_HOURS, -TWO_HOURS])
def test_the_page_changes_at_the_handover_whatever_the_devices_clock_says(pages, serve, wrong):
    address, _ = before_five(serve)
    page = pages.open()
    page.add_init_script(
        f"const real = Date; Date = class extends real {{ constructor(...a) {{ a.length ? "
        f"super(...a) : super(real.now() + {wrong}) }} static now() {{ return real.now() + "
        f"{wrong} }} }}"
    )
    page.goto(f"{address}/")
    assert shown(page) == DAY
    assert page.is_visible("[data-who-soon]")
    page.focus("[data-who-answer] a")
    left = to_five(address)
    took = when_it_changes(page, NIGHT, left + 5)

    assert left - 0.3 <= took <= left + 2  # a second, and one for a busy machine
    assert page.inner_text("[data-who-status]") == (
        f"Call the Emergency Duty Service (EDS) on {NIGHT}."
    )
    assert page.evaluate("document.activeElement.textContent") == NIGHT
    assert pages.console == []


def test_without_the_server_the_page_shows_all_numbers_and_no_answer(pages, serve):
    address, process = before_five(serve)
    page = pages.open(f"{address}/")
    left = to_five(address)
    process.terminate()
    process.wait(timeout=30)
    page.wait_for_timeout(max(0, left * 1000) + 1500)

    assert not page.is_visible("[data-who-answer]")
    text = page.inner_text("[data-who-lost]")
    for words in ("cannot find out who answers", DAY, NIGHT, "8:30am to 4:30pm"):
        assert words in text


def test_without_a_network_the_page_says_so_and_afterwards_it_answers_again(pages, serve):
    address, _ = serve(WEST_BERKSHIRE, WEB_CONCURRENCY="1")
    page = pages.open(f"{address}/")
    page.context.set_offline(True)
    page.wait_for_selector("[data-who-lost]", state="visible", timeout=3000)
    assert not page.is_visible("[data-who-answer]")
    page.context.set_offline(False)
    page.wait_for_selector("[data-who-answer]", state="visible", timeout=8000)

    assert not page.is_visible("[data-who-lost]")


def test_after_a_sleep_the_page_reloads_at_once_or_shows_all_numbers(pages, serve):
    address, process = serve(WEST_BERKSHIRE, WEB_CONCURRENCY="1")
    page = pages.open(f"{address}/")
    requests = len(pages.requests)
    page.evaluate("Date.now = (now => () => now() + 3_600_000)(Date.now)")
    page.wait_for_timeout(800)
    assert len(pages.requests) > requests
    assert page.is_visible("[data-who-answer]")

    process.terminate()
    process.wait(timeout=30)
    page.evaluate("Date.now = (now => () => now() + 3_600_000)(Date.now)")
    page.wait_for_selector("[data-who-lost]", state="visible", timeout=3000)

    assert not page.is_visible("[data-who-answer]")


def test_a_request_that_hangs_over_the_handover_leaves_no_old_number_up(pages, serve):
    address, _ = before_five(serve)
    page = pages.open(f"{address}/")
    hung = []

    def hang(route):
        if not hung:
            hung.append(route)  # never answered
        else:
            route.continue_()

    page.route("**/now", hang)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(200)
    assert len(hung) == 1
    assert shown(page) == DAY
    left = to_five(address)
    page.wait_for_timeout(max(0, left * 1000) + 1600)
    stale = page.is_visible("[data-who-answer]") and shown(page) == DAY
    took = when_it_changes(page, NIGHT, 10)

    assert not stale
    assert took < 5
