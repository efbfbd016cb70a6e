"""A real Chromium and a real server. Tests are skipped where Chromium is missing, but not in CI."""

import shutil
from datetime import timedelta
from email.utils import format_datetime

import pytest
from conftest import ROOT
from playwright.sync_api import sync_playwright

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
HOME, WEBSITE = "https://who.example", "https://council.example"
NOON = "2026-11-24T12:00:00Z"
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


class Application:
    """An application in this process that answers a browser's requests to HOME, by its own clock.

    ``is_down``: it refuses connections. ``hangs``: it answers nothing that it is asked.
    """

    def __init__(self, app, clock):
        self.app, self.clock, self.is_down, self.hangs = app, clock, False, False
        self._client = app.test_client()

    def answer(self, route):
        if self.hangs:
            return
        if self.is_down:
            route.abort("connectionrefused")
            return
        response = self.get(route.request.url.removeprefix(HOME))
        date = format_datetime(self.clock(), usegmt=True)
        headers = dict(response.headers) | {"date": date}
        route.fulfill(status=response.status_code, headers=headers, body=response.data)

    def get(self, path, **more):
        return self._client.get(path, base_url=HOME, **more)


class Pages:
    """Opens pages, and collects their console messages and network requests."""

    def __init__(self, browser):
        self.browser, self.console, self.contexts = browser, [], []
        self.requests, self.ended = [], []

    def open(self, url=None, application=None, clock=None, **settings):
        """Open a page; a path is one of ``application``.

        Its clock is the device's, or stands still at ``clock`` until ``pass_time``.
        """
        context = self.browser.new_context(**settings)
        context.set_default_timeout(120_000)  # a busy machine takes long
        self.contexts.append(context)
        if application is not None:
            context.route(f"{HOME}/**", application.answer)
        page = context.new_page()
        if clock is not None:
            page.clock.install(time=clock - timedelta(seconds=1))
            page.clock.pause_at(clock)
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        for event in ("requestfinished", "requestfailed"):
            page.on(event, lambda request: self.ended.append(request.url))
        if url is not None:
            page.goto(HOME + url if url.startswith("/") else url)
        return page

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for context in self.contexts:
            context.unroute_all(behavior="ignoreErrors")
            context.close()


def follow(page, place):
    """Click on a link or button, and wait for the next page."""
    with page.expect_navigation():
        place.click()


@pytest.fixture
def pages(chromium):
    with Pages(chromium) as pages:
        yield pages


@pytest.fixture
def application(shared_app, clock):
    """West Berkshire's service at noon on a Tuesday, in this process."""
    clock.set(NOON)
    return Application(shared_app(WEST_BERKSHIRE, clock, PUBLIC_BASE_URL=HOME), clock)


def website(body, home=HOME):
    """Return a council's own page with a component from ``home``, and its strict policy."""
    policy = f"default-src 'none'; script-src {home}; connect-src {home}; base-uri 'none'"
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>A council</title>'
        '<link rel="icon" href="data:,">'
        f"<main><h1>A council</h1>{body}</main>"
        f'<script type="module" src="{home}/embed/v1.js" referrerpolicy="no-referrer"></script>'
    )
    return page, {"Content-Security-Policy": f"{policy}; img-src data:"}


def open_website(page, body):
    """Open a council's own page, whose component asks HOME."""
    text, policy = website(body)
    headers = policy | {"Content-Type": "text/html"}
    page.route(f"{WEBSITE}/**", lambda route: route.fulfill(body=text, headers=headers))
    page.goto(f"{WEBSITE}/child-abuse")
    return page
