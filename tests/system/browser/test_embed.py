"""The component in another website's page, under that page's own strict policy."""

import gzip
import re
from datetime import timedelta
from email.utils import format_datetime

import pytest
import stub_server
from browser.conftest import (
    COMPONENT,
    DAY,
    FALLBACK,
    NIGHT,
    NOON,
    WEST_BERKSHIRE,
    open_website,
    website,
)
from serving import Server

PLAIN = (
    f'<div data-heading="3" class="who-to-call" data-service="children" lang="en">{FALLBACK}</div>'
)


def phone(page):
    return page.locator("who-to-call [part=phone] a").inner_text(timeout=5000)


@pytest.fixture(scope="module")
def noon(tmp_path_factory):
    """A real server, its clock started at noon on a Tuesday."""
    folder = tmp_path_factory.mktemp("noon")
    (folder / "directory.yaml").write_text(WEST_BERKSHIRE.read_text("utf-8"))
    with Server(folder, WEB_CONCURRENCY="1", CLOCK_STARTS_AT=NOON) as server:
        yield server


@pytest.mark.parametrize(
    ("body", "heading"), [(COMPONENT, "h2"), (PLAIN, "h3")], ids=["component", "plain"]
)
def test_the_component_answers_in_a_page_of_another_origin_and_leaks_nothing(
    pages, noon, body, heading
):
    text, policy = website(body, noon.base)

    class PageHandler(stub_server.Handler):
        def do_GET(self):
            self.answer(200, "text/html", text, **policy)

    with stub_server.serving(PageHandler) as other:
        page, url = pages.open(), f"{other.base}/child-abuse"
        sent = []
        page.on("request", lambda request: sent.append((request.url, request.all_headers())))
        page.goto(url)
        assert phone(page) == DAY
        ours = [headers for url, headers in sent if url.startswith(noon.base)]

        assert page.locator(f"who-to-call {heading}").inner_text() == "Worried about a child"
        assert len(ours) == 2
        assert not any("referer" in headers or "cookie" in headers for headers in ours)
        assert page.context.cookies() == []
        assert pages.console == []
        assert {url.partition("/")[0] for url, _ in sent} <= {"http:", "data:,"}


def test_an_answer_that_a_proxy_kept_for_an_hour_changes_by_the_time_at_which_it_was_sent(
    pages, application, clock
):
    """nginx has them for ten seconds at most; an hour leaves no doubt which time counts."""
    page, requests = pages.open(application=application, clock=clock()), []

    def answer(route):
        requests.append(route.request.url)
        if len(requests) > 1:
            return application.answer(route)
        response = application.get("/services/children/fragment")
        moments = {"at": clock() - timedelta(hours=1), "until": clock() + timedelta(seconds=2)}
        body = response.text.replace(DAY, "01632 960000").replace(NIGHT, "01632 960000")
        for name, moment in moments.items():
            body = re.sub(f'data-{name}="[^"]*"', f'data-{name}="{moment.isoformat()}"', body)
        date = format_datetime(clock(), usegmt=True)
        return route.fulfill(body=body, headers=dict(response.headers) | {"date": date})

    page.route("**/fragment*", answer)
    open_website(page, COMPONENT)
    page.wait_for_selector("who-to-call [part=phone] a")
    assert phone(page) == "01632 960000"
    clock.at += timedelta(seconds=2)
    page.clock.run_for(2000)
    page.locator("who-to-call [part=phone] a", has_text=DAY).wait_for()


def test_a_first_request_that_hangs_is_sent_again_in_the_language_of_the_page(pages, application):
    page, requests = pages.open(application=application), []
    page.add_init_script(
        "AbortSignal.timeout = (timeout => ms => timeout.call(AbortSignal, ms / 20))"
        "(AbortSignal.timeout)"
    )

    def hang_once(route):
        requests.append(route.request.url)
        if len(requests) > 1:
            application.answer(route)

    page.route("**/fragment*", hang_once)
    open_website(page, PLAIN.replace('"en"', '"cy-GB"'))
    page.locator("who-to-call [part=phone]").wait_for(timeout=30_000)

    assert requests[0].endswith("/fragment?lang=cy&heading=3")
    assert page.get_attribute("who-to-call", "lang") == "en"  # what the directory has


def test_the_script_is_six_kilobytes_at_most(client):
    answer = client.get("/embed/v1.js")

    assert len(gzip.compress(answer.data)) <= 6 * 1024
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Type"].startswith("text/javascript")


def test_an_embed_prints_all_numbers_and_not_the_answer_of_the_moment(pages, application):
    page = open_website(pages.open(application=application), COMPONENT)
    phone(page)
    page.emulate_media(media="print")

    assert not page.locator("who-to-call [data-who-answer]").is_visible()
    assert page.locator("who-to-call li").first.is_visible()


def test_what_editors_copy_by_a_button_is_what_the_preview_shows(pages, application):
    permissions = ["clipboard-read", "clipboard-write"]
    page = pages.open("/embed", application, permissions=permissions)
    page.locator("who-to-call [part=phone]").first.wait_for()
    page.locator("[data-who-copy=plain]").click()
    page.wait_for_function(
        "() => document.querySelector('[data-who-copy=plain]').innerText === 'Copied'"
    )

    assert page.evaluate("navigator.clipboard.readText()") == page.input_value("#plain")
