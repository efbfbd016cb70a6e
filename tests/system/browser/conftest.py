"""A real Chromium and a real server. Tests are skipped where Chromium is missing, but not in CI."""

import shutil

import pytest
from playwright.sync_api import sync_playwright
from serving import ask, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


class Pages:
    """Opens pages, and collects their console messages and network requests."""

    def __init__(self, browser):
        self.browser, self.console, self.requests, self.contexts = browser, [], [], []

    def open(self, url=None, **settings):
        context = self.browser.new_context(**settings)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        if url is not None:
            page.goto(url)
        return page


def follow(page, place):
    """Click on a link or button, and wait for the next page."""
    with page.expect_navigation():
        place.click()


@pytest.fixture
def pages(chromium):
    pages = Pages(chromium)
    yield pages
    for context in pages.contexts:
        context.close()


@pytest.fixture
def serve(tmp_path):
    """Return a function that serves a directory on loopback: it returns the address and process."""
    running = []

    def serve(directory, **environ):
        folder = tmp_path / f"served-{len(running)}"
        folder.mkdir()
        (folder / "directory.yaml").write_text(directory.read_text("utf-8"))
        server = serving(folder, **environ)
        process, url = server.__enter__()
        running.append(server)
        ask(url)
        return url.partition("/api")[0], process

    yield serve
    for server in running:
        server.__exit__(None, None, None)
