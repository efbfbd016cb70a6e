"""The staff door in a real browser: the whole journey, at every width, for everybody."""

import random
import re
import shutil
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from browser.conftest import follow
from browser.test_pages import WIDTHS, layout_faults
from conftest import ANYSHIRE
from serving import Server, poll

from routing.core.decision import Outcome
from routing.store import calls
from routing.store.calls import Call, Leg
from routing.store.db import Database

PASSWORD = "correct horse battery"
START = "2026-11-23T15:40:00Z"
PATHS = [
    "/staff",
    "/staff/diverts",
    "/staff/diverts/new",
    "/staff/diverts/1",
    "/staff/diverts/1/end",
    "/staff/diverts/99",
    "/staff/calls",
    "/staff/calls?month=2026-10",
    "/staff/changes",
    "/staff/preview",
    "/staff/preview?at-day=25&at-month=10&at-year=2026&at-time=1:30am",
    "/staff/account",
    "/staff/accounts",
    "/staff/accounts/1",
    "/staff/rota/gaps",
    "/staff/rota/bank-holidays",
    "/staff/rota/mine",
    "/staff/rota/people",
    "/staff/rota/people/1",
    "/staff/rota/import",
    "/staff/rota/shifts/new",
    "/staff/sign-in",
]

SMALL_TARGETS = """() =>
  [...document.querySelectorAll('a, button, summary, select, input[type=text]')]
  .filter(e => e.checkVisibility() && !e.matches('.govuk-skip-link'))
  .filter(e => getComputedStyle(e).display != 'inline')
  .filter(e => e.getBoundingClientRect().height < 43.5)
  .map(e => e.outerHTML)"""
"""What stands by itself and is less than 44 pixels high; a link within a sentence may be."""


def write_calls(instance, days=60):
    """Write calls of two months into a rehearsal's database, the same at every run."""
    last = datetime.fromisoformat(START) - timedelta(minutes=40)
    draw, database = random.Random(20261123), Database("", instance, "rehearsal.sqlite")
    with database.writing() as connection:
        for number in range(days * 12):
            at = last - timedelta(minutes=number and draw.randrange(1, days * 24 * 60))
            _write_call(connection, f"made up {number}", at, draw)
    database.engine.dispose()


def _write_call(connection, key, at, draw):
    is_day = at.weekday() < 5 and 9 <= at.hour < 17
    first = "mash" if is_day else "eds"
    call = Call("children", first, "in_hours" if is_day else "out_of_hours", at)
    for position, line in enumerate((first, "duty-manager"), 1):
        outcome = draw.choice(("answered",) * 27 + ("busy", "no_answer", "declined"))
        seconds, talked = draw.randrange(3, 30), 200 if outcome == "answered" else None
        leg = Leg(position, line, at, None, outcome, seconds, talked)
        at += timedelta(seconds=seconds)
        call = replace(call, ended_at=at, legs=(*call.legs, leg))
        if outcome == "answered":
            break
    over = Outcome.ANSWERED if talked else Outcome.UNANSWERED
    answered_by = line if talked else None
    calls.write(connection, key, replace(call, outcome=over, answered_by=answered_by))


def staff_service(folder, role, at=START):
    """Return Anyshire's service at a time, to be run, with an account for Priya Shah."""
    shutil.copy(ANYSHIRE, folder / "directory.yaml")
    service = Server(folder, CLOCK_STARTS_AT=at, WEB_CONCURRENCY="2")
    service.flask("db", "upgrade")
    words = ("--role", role, "--password-stdin")
    service.flask("staff", "add", "Priya Shah", *words, stdin=f"{PASSWORD}\n")
    return service


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with staff_service(tmp_path_factory.mktemp("staff"), "admin") as service:
        write_calls(service.folder / "instance")
        yield service


def sign_in(page, service):
    page.goto(f"{service.base}/staff")
    page.get_by_label("Name").fill("Priya Shah")
    page.get_by_label("Password").fill(PASSWORD)
    follow(page, page.get_by_role("button", name="Sign in"))
    page.get_by_role("heading", name="On duty now").wait_for()
    return page


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_whole_journey_from_the_first_account_to_the_record(pages, service, scripts):
    page = sign_in(pages.open(java_script_enabled=scripts), service)
    assert "Calls go to Multi-Agency Safeguarding Hub (MASH)" in page.inner_text("main")
    follow(page, page.get_by_role("button", name="Divert calls"))
    page.get_by_label("Worried about a child").check()
    page.get_by_label("Professionals' advice line").check()
    page.get_by_label("For 1 hour").check()
    page.get_by_label("The telephones are down").check()
    follow(page, page.get_by_role("button", name="Continue"))
    page.get_by_role("heading", name="Check before you divert").wait_for()
    text = page.inner_text("main")
    assert "from now until 4:" in text
    assert "Callers read and hear" in text
    page.locator("#although_closed").check()  # the advice line shuts at four
    follow(page, page.get_by_role("button", name="Divert calls"))
    page.get_by_text("callers get the Professionals' advice line now.").first.wait_for()

    decision = "/api/v1/services/children/decision"
    # Each worker's web answers may be a second old.
    poll(lambda: all('"code":"divert"' in service.get(decision) for _ in range(8)))
    assert service.get("/api/v1/services/children/number") == "+441632960003\n"
    assert "children to advice" in service.flask("divert", "list")
    public = pages.open(f"{service.base}/", java_script_enabled=scripts)
    assert "Professionals' advice line" in public.inner_text("main")

    follow(page, page.locator(".who-diverted").get_by_text("Change its end"))
    page.get_by_label("4 hours from now").check()
    follow(page, page.get_by_role("button", name="Continue"))
    page.locator("#although_closed").check()
    follow(page, page.get_by_role("button", name="Change the end"))
    page.get_by_text("The divert has another end.").wait_for()
    follow(page, page.locator(".who-diverted").get_by_text("End it"))
    follow(page, page.get_by_role("button", name="End it now"))
    page.get_by_text("The divert has ended.").wait_for()
    assert service.get("/api/v1/services/children/number") == "+441632960001\n"

    follow(page, page.get_by_role("link", name="Changes"))
    page.get_by_role("heading", name="Changes").wait_for()
    text = page.inner_text("main")
    order = ["Divert ended early", "Divert given another end", "Divert set"]
    assert sorted(order, key=text.index) == order
    assert "Priya Shah" in text
    follow(page, page.get_by_role("button", name="Sign out", exact=True))
    page.goto(f"{service.base}/staff/changes")
    page.get_by_role("heading", name="Sign in").wait_for()


@pytest.fixture(scope="module")
def diverted(service):
    words = ("--until", "4h", "--note", "Phones are down", "--although-closed")
    service.flask("divert", "set", "all", "eds", *words)
    sheet = "role,starts,ends,person\nmash-social-worker,2026-11-24 08:30,2026-11-24 17:00,Dev\n"
    service.flask("rota", "import", "-", "--add-people", stdin=sheet)
    return service


def test_every_staff_page_is_for_everybody_at_every_width_and_asks_nobody_else(pages, diverted):
    """A thumb hits everything on a phone, and large text does not scroll sideways."""
    page = sign_in(pages.open(), diverted)
    faults = {}
    for number, path in enumerate(PATHS):
        page.goto(diverted.base + path)
        faults[path] = layout_faults(page, WIDTHS[number % 2])
        page.set_viewport_size({"width": 375, "height": 812})
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        faults[f"{path}, targets"] = page.evaluate(SMALL_TARGETS)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        faults[f"{path}, large text"] = max(0, overflow)
    page.goto(f"{diverted.base}/staff/diverts/new")
    follow(page, page.get_by_role("button", name="Continue"))
    faults["refused"] = layout_faults(page)
    page.get_by_label("All of them").check()
    page.get_by_label("Multi-Agency Safeguarding Hub").check()
    page.get_by_label("For 4 hours").check()
    page.get_by_label("Why, in other words").fill("x")
    follow(page, page.get_by_role("button", name="Continue"))
    page.get_by_role("heading", name="Check before you divert").wait_for()
    faults["check"] = layout_faults(page)
    follow(page, page.get_by_role("button", name="Divert calls"))
    faults["unconfirmed"] = layout_faults(page)

    assert {place: fault for place, fault in faults.items() if fault} == {}
    assert all(url.startswith((diverted.base, "data:")) for url in pages.requests)
    ignored = re.compile(r".*status of 4|\[DOM\]")  # a 404 on purpose; advice about passwords
    assert [message for message in pages.console if not ignored.match(message)] == []


EDGES = [f"{edge}-{part}" for edge in ("starts", "ends") for part in ("day", "month", "time")]
FIELDS = {
    "diverts/new": ("service", "line", "may_ring", "until", "Start later", "reason", "note"),
    "rota/shifts/new": ("role", "person", *EDGES, "Cancel"),
}


@pytest.mark.parametrize("path", FIELDS)
def test_a_form_can_be_filled_in_with_the_keyboard_alone(pages, diverted, path):
    page = sign_in(pages.open(), diverted)
    page.goto(f"{diverted.base}/staff/{path}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "Skip to main content"
    page.keyboard.press("Enter")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = "document.activeElement.name || document.activeElement.innerText || ''"
        reached.add(page.evaluate(focused).strip())

    assert {*FIELDS[path], "Continue"} - reached == set()


def test_on_duty_now_follows_what_others_do_without_being_reloaded(pages, service):
    page = sign_in(pages.open(), service)
    words = ("--until", "1h", "--note", "x", "--although-closed")
    service.flask("divert", "set", "professionals", "mash", *words)
    page.evaluate("window.same = true")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.locator(".who-diverted").get_by_text("Multi-Agency Safeguarding Hub").wait_for()

    assert page.evaluate("window.same")
