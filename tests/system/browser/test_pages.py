"""Every public page in a real browser: accessible, at every width, with a silent console."""

import re
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.conftest import HOME, Application
from conftest import ROOT

PATHS = [
    "/",
    "/services/professionals",
    "/services/children/professionals",
    "/contacts",
    "/contacts?q=front+door",
    "/accessibility",
    "/privacy",
    "/embed",
    "/nope",
]
WELSH_PATHS = [path for path in PATHS if path != "/embed" and "professionals" not in path]
WELSH_PATHS += ["/services/children/professionals", "/?lang=en"]
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
)
WIDTHS = (320, 1280)


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """A folder with examples beside a council's logo."""
    folder = tmp_path_factory.mktemp("logo")
    (folder / "static").mkdir()
    (folder / "static" / "logo.svg").write_text(LOGO)
    for name in ("anyshire", "swansea"):
        shutil.copy(ROOT / "examples" / f"{name}.yaml", folder)
    return folder


@pytest.fixture
def anyshire(shared_app, examples, clock):
    return Application(shared_app(examples / "anyshire.yaml", clock, PUBLIC_BASE_URL=HOME), clock)


@pytest.fixture
def swansea(shared_app, examples, clock):
    return Application(shared_app(examples / "swansea.yaml", clock, PUBLIC_BASE_URL=HOME), clock)


def violations(page):
    """Return what axe finds against WCAG 2.2 AA."""
    results = Axe().run(page, options=WCAG).response["violations"]
    return [(item["id"], item["nodes"][0]["html"]) for item in results]


def layout_faults(page, axe_at=WIDTHS[0]):
    """Return what axe finds at one width, and by how much a page scrolls sideways at each: only
    what is wrong. `bin/prove pages` looks at every width.
    """
    faults = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if overflow := max(0, page.evaluate("document.documentElement.scrollWidth - innerWidth")):
            faults[f"{width} px, sideways"] = overflow
        if width == axe_at and (items := violations(page)):
            faults[f"{width} px"] = items
    return faults


LOOKED_AT = [
    *(("anyshire", path, WIDTHS[0]) for path in PATHS),
    *(("swansea", path, WIDTHS[1]) for path in WELSH_PATHS),
]


@pytest.mark.parametrize(("example", "path", "axe_at"), LOOKED_AT)
def test_a_page_is_for_everybody_writes_nothing_to_the_console_and_asks_nobody_else(
    request, pages, example, path, axe_at
):
    page = pages.open(path, request.getfixturevalue(example))
    page.wait_for_load_state("networkidle")
    console = [text for text in pages.console if "404" not in text or path != "/nope"]

    assert layout_faults(page, axe_at) == {}
    assert console == []
    assert [url for url in pages.requests if not url.startswith((HOME, "data:"))] == []
    assert page.context.cookies() == []


def test_a_page_has_40_kilobytes_at_most_in_three_requests(pages, swansea):
    pages.open("/services/children", swansea, swansea.clock())
    paths = [url.removeprefix(HOME) for url in pages.requests if not url.startswith("data:")]
    compressed = {"Accept-Encoding": "gzip"}

    assert len(paths) == 3
    assert sum(len(swansea.get(path, headers=compressed).data) for path in paths) < 40_000


def test_every_link_is_reached_by_keyboard(pages, anyshire):
    page = pages.open("/", anyshire)
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
        if reached[-1][0] == "BODY":
            break
    names = [name for _, name, _ in reached]  # a link within a sentence may be as low as its line

    assert names[0] == "Skip to main content"
    assert names[1] == "Exit this page"
    for name in ("All contacts", "999", "01632 960100", "Privacy"):
        assert name in names
    assert [name for tag, name, height in reached if tag == "A" and height < 24] == []


FOCUSED = """(e => {
    const r = document.createRange(); r.selectNodeContents(e.parentElement);
    const alone = r.toString().trim() === e.textContent.trim() || e.closest("ul, footer");
    return [e.tagName, e.textContent.trim(), alone ? e.getBoundingClientRect().height : 24];
})(document.activeElement)"""


@pytest.mark.parametrize("leave", ["button", "keys"])
def test_the_exit_leads_away_by_its_button_and_by_shift_three_times(pages, anyshire, leave):
    page = pages.open("/", anyshire)
    gone = []

    def leaves(route):
        gone.append(route.request.url)
        route.fulfill(body="<title>Weather</title>", content_type="text/html")

    page.context.route("https://www.bbc.co.uk/**", leaves)
    if leave == "button":
        page.click(".govuk-exit-this-page a")
    else:
        for _ in range(3):
            page.keyboard.press("Shift")
    page.wait_for_function("document.title === 'Weather'")

    assert gone == ["https://www.bbc.co.uk/weather"]


def test_the_page_for_the_wall_is_one_sheet_with_numbers_of_40_points(pages, make_app):
    page = pages.open()
    for example in ("anyshire", "western-trust", "seasons"):
        directory = ROOT / "examples" / f"{example}.yaml"
        printed = make_app(directory).test_cli_runner().invoke(args=["directory", "print"])
        page.set_content(printed.output)
        sheets = re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True))
        page.emulate_media(media="print")
        size = page.evaluate("getComputedStyle(document.querySelector('.number')).fontSize")

        assert len(sheets) == 1
        assert size.startswith("53.3")  # pixels


@pytest.mark.parametrize("path", ["/", "/services/professionals"])
def test_a_page_prints_on_one_sheet_with_all_hours_and_no_navigation(pages, anyshire, path):
    page = pages.open(path, anyshire)
    page.emulate_media(media="print")

    assert len(re.findall(rb"/Type /Page\b", page.pdf(format="A4"))) == 1
    assert not page.is_visible(".who-header")
    assert not page.is_visible(".govuk-exit-this-page")
    assert page.is_visible("text=All hours")
    assert page.is_visible("text=Printed from https://www.anyshire.example")


def test_a_header_has_the_councils_colour_and_axe_accepts_forced_colours(pages, anyshire):
    page = pages.open("/", anyshire)
    header = "getComputedStyle(document.querySelector('.who-header'))"

    assert page.evaluate(f"{header}.backgroundColor") == "rgb(29, 79, 145)"
    page.emulate_media(forced_colors="active")
    assert violations(page) == []


@pytest.mark.parametrize("name", ["govuk-frontend.css", "site.css", "exit-this-page.js"])
def test_nothing_that_only_gov_uk_may_use_is_in_the_style_sheets(name):
    text = (ROOT / "routing" / "static" / name).read_text("utf-8")

    for barred in ("GDS Transport", "@font-face", "govuk-crest", "sourceMappingURL"):
        assert barred not in text


TOO_WIDE = """() => [...document.querySelectorAll("body *")].filter(e => {
    const r = document.createRange(); r.selectNodeContents(e);
    return !e.closest(".govuk-skip-link, .govuk-visually-hidden, [hidden], pre, textarea")
        && [...r.getClientRects()].some(box => box.right > innerWidth + 1);
}).map(e => e.outerHTML.slice(0, 80))"""
TEXT_SPACING = """for (const e of document.querySelectorAll("*")) {
    e.style.lineHeight = "1.5"; e.style.letterSpacing = "0.12em"; e.style.wordSpacing = "0.16em";
}"""


@pytest.mark.parametrize("path", ["/", "/services/children/professionals", "/contacts", "/nope"])
def test_large_or_spaced_text_does_not_run_off_the_page(pages, anyshire, path):
    page = pages.open(path, anyshire)
    spaced = pages.open(path, anyshire)
    spaced.evaluate(TEXT_SPACING)
    for width in (320, 375, 412):
        for opened in (page, spaced):
            opened.set_viewport_size({"width": width, "height": 667})
        for percent in (100, 125, 200):
            page.evaluate(f"document.documentElement.style.fontSize = '{percent}%'")
            assert page.evaluate(TOO_WIDE) == []

        assert spaced.evaluate(TOO_WIDE) == []


def test_the_number_is_above_the_fold_of_a_small_phone(pages, anyshire):
    for size in ({"width": 375, "height": 667}, {"width": 320, "height": 568}):
        box = pages.open("/", anyshire, viewport=size).locator(".who-big a").bounding_box()

        assert box["y"] + box["height"] < size["height"]


FOCUS_CONTRAST = """() => {
    const style = getComputedStyle(document.activeElement);
    const luminance = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
        .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    if (style.backgroundColor === "rgba(0, 0, 0, 0)") return 0;
    const [a, b] = [luminance(style.color), luminance(style.backgroundColor)].sort((x, y) => x - y);
    return (b + 0.05) / (a + 0.05);
}"""


@pytest.mark.parametrize("path", ["/", "/contacts", "/privacy", "/staff/sign-in"])
def test_a_focused_link_can_be_read(pages, anyshire, path):
    page = pages.open(path, anyshire)
    links = page.locator("a:visible")

    assert links.count() >= 1
    for link in links.all():
        link.focus()
        assert page.evaluate(FOCUS_CONTRAST) >= 4.5
