"""The part of bin/prove that looks at every public page of every example in a real browser.

The browser's requests are answered by the application in this process: no server runs. Each page is
seen at every width with every size of text, which is spaced in half of those layouts; colours are
forced at every second width, and at the others for the next directory. So every two of width, size,
spacing, colours and language meet, in 15 layouts a page in place of 60. A zoom of 400% is 320 px.
"""

import re
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product

from axe_playwright_python.sync_playwright import Axe
from browser.conftest import CHROMIUM, HOME, QUIET, Application
from browser.test_pages import TOO_WIDE, WCAG
from playwright.sync_api import sync_playwright
from sweep import EXAMPLES

from routing import create_app

WIDTHS = (320, 375, 412, 768, 1280)
PERCENTS = (100, 125, 200)
SERVICE_PAGES = ("", "/professionals", "/fragment")
OTHER_PAGES = ("/contacts", "/contacts?q=zebra", "/accessibility", "/privacy", "/embed", "/nope")
"""These do not depend on the instant: they are seen once."""
INSTANTS = (datetime(2026, 11, 24, 23, 40, tzinfo=UTC), datetime(2026, 12, 28, 9, 57, tzinfo=UTC))
FIRST_SCREEN = re.compile(r"(/cy)?/(services/[^/]+)?")
MAX_WORDS = 30


def prove_pages():
    """Return the section's text, and whether a page is cut, scrolls sideways or fails axe-core."""
    faults, loads = [], 0
    with _browser() as page:
        for example, at in product(EXAMPLES, INSTANTS):
            forced = EXAMPLES.index(example) % 2
            with _answering(page, example, at) as client:
                for path in _paths(client, others=at == INSTANTS[0]):
                    problems = _problems(page, path, forced, axe_width=WIDTHS[loads % len(WIDTHS)])
                    faults += [f"{example.stem} {path}: {problem}" for problem in problems]
                    loads += 1
    print(*faults, sep="\n")
    text = f"{loads} pages of {len(EXAMPLES)} directories: {len(faults)} faults."
    return text, bool(faults)


@contextmanager
def _browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser.new_page()
        browser.close()


@contextmanager
def _answering(page, example, at):
    """Answer the browser's requests from an example at an instant; yield the application."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"DIRECTORY": str(example), "INSTANCE_PATH": folder, "CLOCK": lambda: at}
        application = Application(create_app(settings | {"PUBLIC_BASE_URL": HOME}), lambda: at)
        page.route(f"{HOME}/**", application.answer)
        yield application
        page.unroute(f"{HOME}/**")


def _paths(client, others):
    services = client.get("/api/v1/services").json["services"]
    paths = [f"/services/{service['id']}{page}" for service in services for page in SERVICE_PAGES]
    paths += OTHER_PAGES if others else ()
    if client.get("/cy/contacts").status_code == 200:
        paths += [f"/cy{path}" for path in ("/", *paths) if path != "/embed"]
    return ["/", *paths]


def _problems(page, path, forced, axe_width):
    """Yield what is wrong with a page, in words. Colours are ``forced`` at odd or even widths."""
    page.set_viewport_size({"width": 375, "height": 667})
    page.goto(f"{HOME}{path}")
    yield from _first_screen(page, path)
    for number, width in enumerate(WIDTHS):
        page.emulate_media(forced_colors="active" if (number + forced) % 2 else "none")
        page.set_viewport_size({"width": width, "height": 800})
        layouts = [[size, (number + place) % 2 == 1] for place, size in enumerate(PERCENTS)]
        for layout, problem in page.evaluate(IN_EACH_LAYOUT, layouts):
            yield f"{width} px, {layout}: {problem}"
        if width == axe_width and page.title():  # a fragment is no page: /embed shows it in one
            for violation in Axe().run(page, options=WCAG).response["violations"]:
                yield f"{width} px: {violation['id']}: {violation['nodes'][0]['html'][:100]}"


def _first_screen(page, path):
    number = page.locator(".who-big a")
    if number.count():
        box = number.first.bounding_box()
        if box["y"] + box["height"] > 667:
            yield f"the number ends at {box['y'] + box['height']:.0f} px"
        words = page.evaluate(WORDS_BEFORE_NUMBER)
        if words > MAX_WORDS and FIRST_SCREEN.fullmatch(path):
            yield f"{words} words before the number"


WORDS_BEFORE_NUMBER = """() => {
    const range = document.createRange();
    range.setStart(document.querySelector("main"), 0);
    range.setEndBefore(document.querySelector(".who-big"));
    const part = range.cloneContents();
    part.querySelectorAll("[hidden]").forEach(e => e.remove());
    return part.textContent.trim().split(/\\s+/).length;
}"""
IN_EACH_LAYOUT = f"""layouts => {{
    const spacing = new CSSStyleSheet(), html = document.documentElement, isTooWide = {TOO_WIDE};
    spacing.replaceSync(`* {{ line-height: 1.5 !important; letter-spacing: 0.12em !important;
        word-spacing: 0.16em !important; }}`);
    const problems = layouts.flatMap(([percent, isSpaced]) => {{
        html.style.fontSize = `${{percent}}%`;
        document.adoptedStyleSheets = isSpaced ? [spacing] : [];
        const cut = isTooWide().slice(-1).map(tag => `cut: ${{tag}}`);
        if (html.scrollWidth > innerWidth) cut.push("scrolls sideways");
        return cut.map(problem => [`${{percent}}%${{isSpaced ? ", spaced" : ""}}`, problem]);
    }});
    html.style.fontSize = "";
    document.adoptedStyleSheets = [];
    return problems;
}}"""
