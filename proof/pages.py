"""The part of bin/prove that looks at every public page of every example in a real browser.

The browser's requests are answered by the application in this process: no server runs.
"""

import re
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape

from axe_playwright_python.sync_playwright import Axe
from browser.conftest import CHROMIUM, QUIET
from browser.test_pages import TEXT_SPACING, TOO_WIDE, WCAG
from flask import render_template_string
from playwright.sync_api import sync_playwright
from sweep import EXAMPLES

from routing import create_app, lookup
from routing.core.decision import timeline
from routing.public import context

HOME = "http://who.test"
WIDTHS = (320, 375, 412, 768, 1280)
PERCENTS = (100, 125, 200)
PAGES = ("", "/professionals", "/fragment")
"""Of the first service; and these:"""
OTHER_PAGES = ("/contacts", "/contacts?q=zebra", "/accessibility", "/privacy", "/embed", "/nope")
INSTANTS = (datetime(2026, 11, 24, 23, 40, tzinfo=UTC), datetime(2026, 12, 28, 9, 57, tzinfo=UTC))
START = datetime(2026, 11, 24, tzinfo=UTC)
"""Of the year whose cards are read."""
MOMENT = re.compile(r"\b\d{1,2}(?::\d\d)?[ap]m\b[^.]*")
NUMBER = re.compile(r"\b0\d{2,4} \d{3,6}(?: \d{3,4})?\b")
MAX_WORDS = 30


def prove_pages():
    """Return the section's text, and whether a page is cut, scrolls sideways or fails axe-core."""
    faults, loads = [], 0
    with _browser() as page:
        for example in EXAMPLES:
            for at in INSTANTS:
                with _answering(page, example, at) as client:
                    for path in _paths(client):
                        loads += 1
                        faults += [f"{example.stem} {path}: {fault}" for fault in _look(page, path)]
    card_count, repeats = _sentences()
    faults += repeats
    print(*faults, sep="\n")
    widths, percents = (", ".join(map(str, values)) for values in (WIDTHS, PERCENTS))
    text = (
        f"{loads} pages of {len(EXAMPLES)} directories, each at {widths} px with text at "
        f"{percents}%, with WCAG's text spacing, and in forced colours; axe-core at 320 and "
        f"1280 px. {card_count} cards over a year.\n\n"
        f"Cut, scrolling sideways, found by axe-core, the number below the fold of 375 x 667 px, "
        f"more than {MAX_WORDS} words before it, a moment or number twice in a card: "
        f"{len(faults)}.\n"
    )
    return text, bool(faults)


@contextmanager
def _browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser.new_page()
        browser.close()


@contextmanager
def _answering(page, example, at):
    """Answer the browser's requests from an example at an instant; yield the client for that."""
    with tempfile.TemporaryDirectory() as folder:
        client = _app(example, folder, at).test_client()

        def answer(route):
            response = client.get(route.request.url.removeprefix(HOME))
            headers = dict(response.headers)
            route.fulfill(status=response.status_code, headers=headers, body=response.data)

        page.route(f"{HOME}/**", answer)
        yield client
        page.unroute(f"{HOME}/**")


def _app(example, folder, at):
    settings = {"DIRECTORY": str(example), "INSTANCE_PATH": folder, "CLOCK": lambda: at}
    return create_app(settings | {"PUBLIC_BASE_URL": HOME})


def _paths(client):
    services = client.get("/api/v1/services").json["services"]
    paths = [f"/services/{service['id']}{page}" for service in services for page in PAGES]
    paths += OTHER_PAGES
    if client.get("/cy/contacts").status_code == 200:
        paths += [f"/cy{path}" for path in paths if path != "/embed"]
    return ["/", *paths]


def _look(page, path):
    """Yield what is wrong with a page, in words."""
    page.set_viewport_size({"width": 375, "height": 667})
    page.goto(f"{HOME}{path}")
    number = page.locator(".who-big a")
    if number.count():
        box = number.first.bounding_box()
        if box["y"] + box["height"] > 667:
            yield f"the number ends at {box['y'] + box['height']:.0f} px"
        words = page.evaluate(WORDS_BEFORE_NUMBER)
        if words > MAX_WORDS and path == "/":
            yield f"{words} words before the number"
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for percent in PERCENTS:
            page.evaluate(f"document.documentElement.style.fontSize = '{percent}%'")
            yield from _overflow(page, f"{width} px, {percent}%")
        page.evaluate("document.documentElement.style.fontSize = ''")
        if width in (WIDTHS[0], WIDTHS[-1]):
            yield from _violations(page, f"{width} px")
    page.emulate_media(forced_colors="active")
    yield from _violations(page, "forced colours")
    page.emulate_media(forced_colors="none")
    page.evaluate(TEXT_SPACING)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        yield from _overflow(page, f"{width} px, spaced")


WORDS_BEFORE_NUMBER = """() => {
    const range = document.createRange();
    range.setStart(document.querySelector("main"), 0);
    range.setEndBefore(document.querySelector(".who-big"));
    const part = range.cloneContents();
    part.querySelectorAll("[hidden]").forEach(e => e.remove());
    return part.textContent.trim().split(/\\s+/).length;
}"""


def _overflow(page, where):
    wide = page.evaluate(TOO_WIDE)
    if wide:
        yield f"{where}: cut: {wide[-1]}"
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield f"{where}: scrolls sideways"


def _violations(page, where):
    if page.title() == "":  # a fragment is no page: /embed shows it in one
        return
    for violation in Axe().run(page, options=WCAG).response["violations"]:
        yield f"{where}: {violation['id']}: {violation['nodes'][0]['html'][:100]}"


def _sentences():
    """Return how many cards a year has, and each that says a moment or a number twice."""
    count, repeats = 0, []
    for example in EXAMPLES:
        with tempfile.TemporaryDirectory() as folder:
            app = _app(example, folder, START)
            with app.test_request_context("/"):
                for text in cards(START, START + timedelta(days=365)):
                    count += 1
                    for pattern in (MOMENT, NUMBER):
                        parts = pattern.findall(text)
                        if len(parts) != len(set(parts)):
                            repeats.append(f"{example.stem}: {text}")
    return count, repeats


def cards(start, end):
    """Yield the words of the card after each handover, and three minutes before the next."""
    snapshot, locale = lookup.snapshot(), lookup.locale()
    for service in snapshot.directory.services:
        for span, _ in timeline(snapshot.timetables, service.id, start, end):
            for at in (span.start, span.end - timedelta(minutes=3)):
                decision = lookup.who_to_call(service.id, at)
                html = render_template_string(
                    '{% import "public/parts.html" as parts with context %}{{ parts.now_card() }}',
                    _=locale.translate_html,
                    **context.page_context(),
                    **context.service_context(decision, at, is_live=True),
                )
                yield unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))
