"""The component in another website's page, under that page's own strict policy."""

import gzip
import re
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.test_flip import DAY, NIGHT, NOON, WEST_BERKSHIRE, before_five, to_five
from browser.test_pages import WCAG
from serving import ask, serving


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Serve at noon, for every test here that needs no other time."""
    folder = tmp_path_factory.mktemp("noon")
    (folder / "directory.yaml").write_text(WEST_BERKSHIRE.read_text("utf-8"))
    with serving(folder, **NOON) as (_, url):
        ask(url)
        yield url.partition("/api")[0]


FALLBACK = f"<ul><li>Day: {DAY}</li><li>At all other times: {NIGHT}</li></ul>"
COMPONENT = f'<who-to-call service="children" lang="en">{FALLBACK}</who-to-call>'
PLAIN = f'<div class="who-to-call" data-service="children" lang="en">{FALLBACK}</div>'


@contextmanager
def host(body, home):
    """Serve a council's own page, from another origin than the service and with a strict policy."""
    policy = f"default-src 'none'; script-src {home}; connect-src {home}; base-uri 'none'"
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>A council</title>'
        '<link rel="icon" href="data:,">'
        f"<main><h1>A council</h1>{body}</main>"
        f'<script type="module" src="{home}/embed/v1.js" referrerpolicy="no-referrer"></script>'
    ).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Security-Policy", f"{policy}; img-src data:")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/child-abuse"
    finally:
        server.shutdown()
        server.server_close()


def phone(page):
    return page.locator("who-to-call [part=phone] a").inner_text(timeout=5000)


@pytest.mark.parametrize("body", [COMPONENT, PLAIN], ids=["component", "plain"])
def test_the_component_answers_in_a_page_of_another_origin_and_leaks_nothing(pages, address, body):
    with host(body, address) as url:
        page = pages.open()
        sent = []
        page.on("request", lambda request: sent.append((request.url, request.all_headers())))
        page.goto(url)
        assert phone(page) == DAY
        texts = page.locator("who-to-call [data-who-answer]").inner_text()
        ours = [headers for url, headers in sent if url.startswith(address)]

        for text in (
            "Rehearsal.",
            "They answer until 5pm on Tuesday 24 November.",
            f"After that, call the Emergency Duty Service (EDS) on {NIGHT}.",
            "Not yet confirmed by the council.",
            f"18001 {DAY}",
        ):
            assert text in texts
        assert page.locator("who-to-call h2").inner_text() == "Worried about a child"
        assert page.locator("who-to-call li").last.inner_text() == (
            f"At all other times, call the Emergency Duty Service (EDS) on {NIGHT}."
        )
        assert len(ours) == 2
        assert not any("referer" in headers or "cookie" in headers for headers in ours)
        assert page.context.cookies() == []
        assert pages.console == []
        assert {url.partition("/")[0] for url, _ in sent} <= {"http:", "data:,"}


def test_axe_finds_no_violation_at_any_width(pages, address):
    for width in (320, 768, 1280):
        page = pages.open(f"{address}/embed", viewport={"width": width, "height": 900})
        page.locator("who-to-call [part=phone]").first.wait_for()
        violations = Axe().run(page, options=WCAG).response["violations"]

        assert [(violation["id"], violation["nodes"][0]["html"]) for violation in violations] == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert pages.console == []


def test_the_component_changes_at_the_handover_and_announces_it_without_taking_the_focus(
    pages, serve
):
    address, _ = before_five(serve)
    with host(COMPONENT, address) as url:
        page = pages.open(url)
        assert phone(page) == DAY
        left = to_five(address)
        page.wait_for_function(
            "n => document.querySelector('who-to-call').shadowRoot.querySelector('[part=phone] a')"
            ".textContent === n",
            arg=NIGHT,
            timeout=(left + 2) * 1000,
        )

        assert page.locator("who-to-call [role=status]").inner_text() == (
            f"Call the Emergency Duty Service (EDS) on {NIGHT}."
        )
        assert page.evaluate("document.activeElement === document.body")


def test_an_answer_that_a_proxy_kept_for_an_hour_changes_by_the_time_at_which_it_was_sent(
    pages, serve
):
    """nginx has them for ten seconds at most; an hour leaves no doubt which time counts."""
    address, _ = serve(WEST_BERKSHIRE, WEB_CONCURRENCY="1")
    requests = []

    def answer(route):
        requests.append(route.request.url)
        if len(requests) > 1:
            return route.continue_()
        response, now = route.fetch(), datetime.now(UTC)
        moments = {"at": now - timedelta(hours=1), "until": now + timedelta(seconds=2)}
        body = response.text().replace(DAY, "01632 960000").replace(NIGHT, "01632 960000")
        for name, moment in moments.items():
            body = re.sub(f'data-{name}="[^"]*"', f'data-{name}="{moment.isoformat()}"', body)
        date = format_datetime(now, usegmt=True)
        return route.fulfill(body=body, headers=response.headers | {"date": date})

    with host(COMPONENT, address) as url:
        page = pages.open()
        page.route("**/fragment*", answer)
        page.goto(url)
        page.wait_for_function(
            "() => !['', '01632 960000'].includes(document.querySelector('who-to-call')"
            ".shadowRoot.querySelector('[part=phone] a')?.textContent ?? '')",
            timeout=30_000,
        )

    assert len(requests) >= 2


def test_with_the_server_gone_the_numbers_and_999_stand_alone(pages, serve):
    address, process = before_five(serve)
    with host(COMPONENT, address) as url:
        page = pages.open(url)
        assert phone(page) == DAY
        left = to_five(address)
        process.terminate()
        process.wait(timeout=30)
        page.wait_for_timeout(max(0, left * 1000) + 1500)

        assert not page.locator("who-to-call [data-who-answer]").is_visible()
        assert page.locator("who-to-call [part=emergency]").is_visible()
        numbers = page.locator("who-to-call li").all_inner_texts()
        assert [number in text for number, text in zip((DAY, NIGHT), numbers, strict=True)] == [
            True,
            True,
        ]


def test_without_scripts_the_pages_own_numbers_are_there(pages, address):
    with host(COMPONENT, address) as url:
        page = pages.open(url, java_script_enabled=False)

        assert NIGHT in page.inner_text("who-to-call")


def test_the_script_is_six_kilobytes_at_most(client):
    answer = client.get("/embed/v1.js")

    assert len(gzip.compress(answer.data)) <= 6 * 1024
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Type"].startswith("text/javascript")


def test_what_editors_copy_is_what_the_preview_shows(pages, address):
    page = pages.open(f"{address}/embed")
    copied = page.input_value("#plain")

    assert copied.startswith('<div class="who-to-call" data-service="children" lang="en">')
    assert f'src="{address}/embed/v1.js"' in copied
    for words in ("Monday to Thursday: 8:30am to 5pm", "tel:+441632960111", "tel:+441632960199"):
        assert words in copied


def test_an_embed_prints_all_numbers_and_not_the_answer_of_the_moment(pages, address):
    with host(COMPONENT, address) as url:
        page = pages.open(url)
        phone(page)
        page.emulate_media(media="print")

        assert not page.locator("who-to-call [data-who-answer]").is_visible()
        assert page.locator("who-to-call li").first.is_visible()


def test_a_heading_has_the_level_that_the_page_asks_for(pages, address):
    with host(PLAIN.replace("<div ", '<div data-heading="3" '), address) as url:
        page = pages.open(url)
        phone(page)

        assert page.locator("who-to-call h3[part=heading]").count() == 1
        assert page.locator("who-to-call h4").inner_text() == "All numbers and their hours"


def test_the_code_can_be_copied_by_a_button(pages, address):
    page = pages.open(f"{address}/embed", permissions=["clipboard-read", "clipboard-write"])
    button = page.locator("[data-who-copy=plain]")
    button.click()
    page.wait_for_function(
        "() => document.querySelector('[data-who-copy=plain]').innerText === 'Copied'"
    )

    assert page.evaluate("navigator.clipboard.readText()") == page.input_value("#plain")
