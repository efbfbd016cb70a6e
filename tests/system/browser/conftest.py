"""A real Chromium over a real server. What a machine lacks is skipped by name; not so in CI."""

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
    """Opens pages, and keeps what each said to its console and asked of any network."""

    def __init__(self, browser):
        self.browser, self.said, self.asked, self.contexts = browser, [], [], []

    def open(self, url=None, **settings):
        context = self.browser.new_context(**settings)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: self.said.append(said.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda asked: self.asked.append(asked.url))
        if url is not None:
            page.goto(url)
        return page


def follow(page, place):
    """Click on what leads to another page, and wait until that has come."""
    with page.expect_navigation():
        place.click()


@pytest.fixture
def pages(chromium):
    found = Pages(chromium)
    yield found
    for context in found.contexts:
        context.close()


@pytest.fixture
def serve(tmp_path):
    """Return a way to serve a directory on loopback: the address, and the process."""
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
