"""The public pages: complete without JavaScript, and never without a number."""

import gzip
import re
from base64 import b64encode
from hashlib import sha256

import pytest
from conftest import ANYSHIRE, ROOT, divert_now
from jinja2 import DictLoader

from routing import lookup
from routing.store import db

PAGES = ["/", "/services/children", "/services/children/professionals", "/contacts"]


def test_the_page_shows_who_to_call_now_why_and_until_when(client, clock):
    by_day = client.get("/").text
    clock.set("2026-12-28T12:00:00Z")
    by_night = client.get("/").text

    assert 'href="tel:+441344352005">01344 352005' in by_day
    assert "until 5pm today, Monday 23 November" in by_day
    assert "call the Emergency Duty Service" in by_night
    assert "because it is the substitute day for Boxing Day, a bank holiday" in by_night


@pytest.mark.parametrize("path", PAGES)
def test_an_unconfirmed_number_is_marked(client, anyshire, path):
    assert "Not yet confirmed by the council" in client.get(path).text
    assert "Not yet confirmed by the council" not in anyshire.get(path).text


def test_the_professionals_page_shows_forms_consent_and_confidentiality(client):
    text = client.get("/services/children/professionals").text

    for words in ("Early Help referral", "Safeguarding referral", "consent", "confidential"):
        assert words in text


def test_every_page_says_that_it_is_a_rehearsal(make_app):
    client = make_app(CLOCK_STARTS_AT="2026-12-24T16:59:50Z").test_client()

    for path in [*PAGES, "/nope", "/services/children/fragment"]:
        assert "Rehearsal." in client.get(path).text
    assert client.get("/api/v1/services/children/decision").json["rehearsal"] is True
    assert client.get("/readyz").text == "degraded\n"


@pytest.mark.parametrize(("path", "status"), [("/", 500), ("/nope", 404)])
def test_without_templates_an_error_page_still_has_every_number_of_the_day_and_its_hours(
    make_app, clock, path, status
):
    app = make_app(ANYSHIRE)
    with app.app_context():
        lookup.snapshot()
    app.jinja_env.cache.clear()
    app.jinja_env.loader = DictLoader({})
    clock.set("2026-12-29T12:00:00Z")
    answer = app.test_client().get(path)

    assert answer.status_code == status
    for words in ("tel:999", "tel:+441632960100", "tel:+441632960009", "mon-thu 08:30-17:00"):
        assert words in answer.text
    assert "07700" not in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_before_any_directory_could_be_loaded_a_page_has_999(make_app, tmp_path):
    answer = make_app(tmp_path / "none.yaml").test_client().get("/")

    assert answer.status_code == 503
    assert "tel:999" in answer.text


@pytest.mark.parametrize("query", ["front door", "FRONT", "hub multi", "352005", "01344352005"])
def test_the_search_matches_names_aliases_and_numbers(client, query):
    text = client.get("/contacts", query_string={"q": query}).text

    assert "Multi-Agency Safeguarding Hub (MASH)</h3>" in text
    assert "Emergency Duty Service (EDS)</h3>" not in text


@pytest.mark.parametrize(("count", "has_search"), [(8, False), (9, True)])
def test_there_is_a_search_where_there_are_more_than_eight_lines(
    make_app, tmp_path, count, has_search
):
    file, text = tmp_path / "directory.yaml", (ROOT / "directory.yaml").read_text()
    more = "".join(
        f"  line-{number}: {{name: Line {number}, phone: 01632 960{number}, hours: always}}\n"
        for number in range(100, 100 + count - 2)
    )
    file.write_text(text.replace("\nlines:\n", f"\nlines:\n{more}"))
    page = make_app(file).test_client().get("/contacts").text

    assert ('role="search"' in page) is has_search


def test_a_contact_says_first_whether_it_is_open_then_its_hours_and_helplines_follow(client):
    text = " ".join(re.sub(r"<[^>]+>", " ", client.get("/contacts").text).split())

    assert "Multi-Agency Safeguarding Hub (MASH) Open now 01344 352005" in text
    assert "Emergency Duty Service (EDS) Closed now 01344 351999" in text
    assert "Monday to Friday 8:30am to 5pm" in text
    assert "Children and young people: 0800 1111" in text


def test_a_line_that_takes_calls_beyond_its_hours_is_open_and_one_diverted_away_is_not(
    make_app, tmp_path
):
    file, text = tmp_path / "directory.yaml", (ROOT / "directory.yaml").read_text()
    file.write_text(text.replace("00:00-08:30, 17:00-24:00", "00:00-08:30, 18:00-24:00"))
    app = make_app(file)
    db.upgrade(app.extensions["database"])
    divert_now(app)
    page = " ".join(re.sub(r"<[^>]+>", " ", app.test_client().get("/contacts").text).split())

    assert "Multi-Agency Safeguarding Hub (MASH) Closed now" in page
    assert "Emergency Duty Service (EDS) Open now" in page


def test_a_search_without_a_match_shows_every_contact(client):
    text = client.get("/contacts?q=zebra").text

    assert "We have no contact called “zebra”" in text
    assert "Emergency Duty Service (EDS)</h3>" in text


def test_a_page_is_compressed_for_clients_that_accept_gzip(client):
    plain = client.get("/", headers={"Accept-Encoding": "identity"})
    small = client.get("/", headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(small.data).decode().startswith("<!doctype html>")
    assert len(small.data) < len(plain.data) / 2
    assert small.headers["Vary"] == "Accept-Encoding"


def test_a_style_sheet_is_cached_for_a_year_at_its_current_address_only(client):
    address = re.search(r"/assets/site\.\w+\.css", client.get("/").text)[0]

    assert "immutable" in client.get(address).headers["Cache-Control"]
    assert client.get("/assets/site.0123456789ab.css").headers["Cache-Control"] == "no-store"
    assert client.get("/assets/other.css").status_code == 404


def test_only_a_picture_beside_the_directory_is_sent_as_the_logo(make_app, tmp_path):
    path, text = tmp_path / "directory.yaml", (ROOT / "directory.yaml").read_text()
    for logo, status in (("logo.svg", 200), ("missing.svg", 404), ("directory.yaml", 404)):
        path.write_text(text.replace("council:\n", f"council:\n  logo: {logo}\n"))
        (tmp_path / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
        client = make_app(path).test_client()

        assert client.get("/logo").status_code == status
        assert ('src="/logo"' in client.get("/").text) == (status == 200)


def test_no_request_looks_at_the_logos_file_since_its_file_system_may_hang(make_app, tmp_path):
    path, logo = tmp_path / "directory.yaml", tmp_path / "logo.svg"
    path.write_text(ANYSHIRE.read_text().replace("static/logo.svg", "logo.svg"))
    logo.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    client = make_app(path).test_client()
    client.get("/")
    logo.unlink()

    assert 'src="/logo"' in client.get("/contacts").text
    assert client.get("/logo").mimetype == "image/svg+xml"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", "/nope", 404), ("GET", "/broken", 500), ("POST", "/contacts", 405)),
        *(("GET", "/services/nope/professionals", 404), ("GET", "/embed?service=nope", 404)),
    ],
)
def test_an_error_page_needs_no_other_file_and_shows_every_number_with_its_hours(
    make_app, method, path, status
):
    app = make_app()
    app.add_url_rule("/broken", "broken", lambda: 1 / 0)
    answer = app.test_client().open(path, method=method)
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)[1]
    allowed = b64encode(sha256(style.encode()).digest()).decode()

    assert answer.status_code == status
    assert "ZeroDivisionError" not in answer.text
    assert not re.search(r"<script|<link|<img| src=", answer.text)
    assert f"style-src 'sha256-{allowed}'" in answer.headers["Content-Security-Policy"]
    for words in ("01344 352005", "8:30am to 5pm", "01344 351999", "0800 1111", "tel:999"):
        assert words in answer.text


def test_the_code_for_editors_has_the_public_address_or_says_that_it_is_missing(make_app, client):
    address = "https://who.anyshire.example"
    text = make_app(PUBLIC_BASE_URL=f"{address}/").test_client().get("/embed").text

    for words in (f"{address}/embed/v1.js", f"{address}/services/children/fragment"):
        assert words in text
    assert "Do not copy from this page yet" not in text
    assert "PUBLIC_BASE_URL is missing" in client.get("/embed").text


def test_every_page_has_a_quick_exit_but_the_one_for_editors(client):
    assert "govuk-exit-this-page" not in client.get("/embed").text
    for path in [*PAGES, "/privacy", "/accessibility"]:
        assert "How to stay safe when you look at this page" in client.get(path).text


@pytest.mark.parametrize(
    ("file", "page", "sentences"),
    [
        (
            "anyshire",
            "/accessibility",
            "mailto:access@anyshire.example|prepared on 20 November 2026|partially compliant|"
            "Equality and Human Rights Commission|Anyshire County Council is committed",
        ),
        (
            "anyshire",
            "/privacy",
            "mailto:data.protection@anyshire.example|https://www.anyshire.example/privacy|task",
        ),
        ("fully compliant", "/accessibility", "fully compliant"),
        ("western-trust", "/accessibility", "Equality Commission for Northern Ireland"),
    ],
)
def test_a_statement_says_what_only_the_council_knows(make_app, tmp_path, file, page, sentences):
    path = ROOT / "examples" / f"{file}.yaml"
    if file == "fully compliant":
        path = tmp_path / "directory.yaml"
        path.write_text(ANYSHIRE.read_text().replace("compliance: partial", "compliance: full"))
    text = make_app(path).test_client().get(page).text

    for words in sentences.split("|"):
        assert words in text


@pytest.mark.parametrize(("path", "part"), [("/", "answer"), ("/contacts", "hours")])
def test_what_a_reader_reads_is_not_replaced_when_only_the_minute_has_changed(
    client, clock, path, part
):
    def read():
        return re.search(rf"data-who-{part}>.*?data-who-printed", client.get(path).text, re.DOTALL)

    first = read()[0]
    clock.set("2026-11-23T12:01:00Z")

    assert read()[0] == first


def test_a_child_is_shown_childline_near_the_top(client):
    text = client.get("/").text
    child = text.index("If you are a child")

    assert child < text.index("If you cannot use the telephone")
    assert 'href="tel:08001111"' in text[child : child + 400]


@pytest.mark.parametrize(
    ("query", "level"), [("", 2), ("?heading=4", 4), ("?heading=7", 2), ("?heading=<b>", 2)]
)
def test_the_fragments_heading_has_the_level_that_the_page_asks_for(client, query, level):
    text = client.get(f"/services/children/fragment{query}").text

    assert f'<h{level} part="heading">Worried about a child</h{level}>' in text


def test_the_fragment_says_the_whole_card_in_full_dates_and_any_website_may_read_it(client):
    answer = client.get("/services/children/fragment")

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "public, max-age=10, must-revalidate"
    for words in (
        "Call the Multi-Agency Safeguarding Hub (MASH) on",
        "They answer until 5pm on Monday 23 November.",
        "After that, call the Emergency Duty Service (EDS) on",
        "18001 01344 352005",
        "At all other times, call the Emergency Duty Service (EDS)",
    ):
        assert words in answer.text
    assert not re.search(r"<script|<style|\bnow\b|\btoday\b", answer.text)
