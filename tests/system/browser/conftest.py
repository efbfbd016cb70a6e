"""A real Chromium and a real server. Tests are skipped where Chromium is missing, but not in CI."""

import shutil
from contextlib import contextmanager

import pytest
import stub_server
from conftest import ROOT
from playwright.sync_api import sync_playwright
from serving import flask, serving

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


WEST_BERKSHIRE = ROOT / "examples" / "west-berkshire.yaml"
DAY, NIGHT = "01632 960111", "01632 960199"
NOON = {"CLOCK_STARTS_AT": "2026-11-24T12:00:00Z"}
FALLBACK = f"<ul><li>Day: {DAY}</li><li>At all other times: {NIGHT}</li></ul>"
COMPONENT = f'<who-to-call service="children" lang="en">{FALLBACK}</who-to-call>'


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

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for context in self.contexts:
            context.close()


def follow(page, place):
    """Click on a link or button, and wait for the next page."""
    with page.expect_navigation():
        place.click()


@pytest.fixture
def pages(chromium):
    with Pages(chromium) as pages:
        yield pages


@contextmanager
def council(folder, directory=WEST_BERKSHIRE, **environ):
    """Serve a directory from a folder, by one worker unless told otherwise; yield a Server."""
    (folder / "directory.yaml").write_text(directory.read_text("utf-8"))
    with serving(folder, **{"WEB_CONCURRENCY": "1", **environ}) as server:
        yield server


@pytest.fixture(scope="session")
def noon(tmp_path_factory):
    """West Berkshire's service, its clock started at noon on a Tuesday, with a database."""
    folder = tmp_path_factory.mktemp("noon")
    with council(folder, **NOON) as server:
        flask(folder, "db", "upgrade", **NOON)
        yield server


@contextmanager
def other_website(body, home):
    """Serve a council's own page, from another origin than the service and with a strict policy."""
    policy = f"default-src 'none'; script-src {home}; connect-src {home}; base-uri 'none'"
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>A council</title>'
        '<link rel="icon" href="data:,">'
        f"<main><h1>A council</h1>{body}</main>"
        f'<script type="module" src="{home}/embed/v1.js" referrerpolicy="no-referrer"></script>'
    )

    class PageHandler(stub_server.Handler):
        def do_GET(self):
            headers = {"Content-Security-Policy": f"{policy}; img-src data:"}
            self.answer(200, "text/html", page, **headers)

    with stub_server.serving(PageHandler) as server:
        yield f"{server.base}/child-abuse"
