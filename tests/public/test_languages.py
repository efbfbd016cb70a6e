"""Welsh and English: the directory's first language is the default, the other is linked."""

import re

import pytest
from conftest import ROOT

DECISION = "/api/v1/services/children/decision"
SWANSEA = ROOT / "examples" / "swansea.yaml"


@pytest.fixture
def welsh_first(make_app):
    return make_app(SWANSEA).test_client()


@pytest.fixture
def english_first(make_app, tmp_path):
    path = tmp_path / "directory.yaml"
    path.write_text(SWANSEA.read_text().replace("languages: [cy, en]", "languages: [en, cy]"))
    return make_app(path).test_client()


@pytest.mark.parametrize(
    "path", ["/", "/services/children", "/services/children/professionals", "/contacts"]
)
def test_a_page_is_in_the_first_language_and_links_to_the_other(welsh_first, english_first, path):
    welsh, english = (
        " ".join(client.get(path).text.split()) for client in (welsh_first, english_first)
    )

    assert '<html lang="cy"' in welsh
    assert "ffoniwch" in welsh
    assert f'href="{path}?lang=en" lang="en" hreflang="en">English</a>' in welsh
    assert '<html lang="en"' in english
    assert f'href="/cy{path}" lang="cy" hreflang="cy">Cymraeg</a>' in english


def test_below_cy_every_page_and_link_is_welsh(english_first):
    page = english_first.get("/cy/services/children").text

    assert '<html lang="cy"' in page
    assert "Os yw plentyn mewn perygl uniongyrchol, ffoniwch <a" in page
    links = re.findall(r'href="(/[^"]*)"', page)
    ours = [link for link in links if not link.startswith("/assets") and "English" not in link]
    assert [link for link in ours if not link.startswith("/cy/")] == ["/services/children"]


def test_with_lang_every_link_keeps_the_language(welsh_first):
    page = welsh_first.get("/?lang=en").text

    assert '<html lang="en"' in page
    assert 'href="/contacts?lang=en"' in page
    assert "/services/children/now?lang=en" in page


def test_the_whole_reason_is_in_welsh(welsh_first, clock):
    clock.set("2026-12-25T05:00:00Z")
    page = welsh_first.get("/").text

    assert "tan 9am heddiw, dydd Gwener 25 Rhagfyr" in page
    assert "ar gau heddiw, oherwydd: Dydd Nadolig, gŵyl banc" in page


def test_the_api_and_the_fragment_are_in_welsh_on_request(english_first):
    decision = english_first.get(f"{DECISION}?lang=cy-GB")

    assert decision.headers["Content-Language"] == decision.json["language"] == "cy"
    assert english_first.get(f"{DECISION}?lang=fr").json["language"] == "en"
    assert decision.json["reason"]["text"].startswith("Bydd Un Pwynt Cyswllt ar agor tan 5pm")
    assert "Ffoniwch" in english_first.get("/services/children/fragment?lang=cy").text
    assert "Ffoniwch" in english_first.get("/cy/services/children/fragment").text


def test_where_the_directory_has_no_welsh_there_is_no_welsh_page(client):
    answer = client.get("/cy/")

    assert answer.status_code == 404
    assert "01344 352005" in answer.text
    assert "Cymraeg" not in client.get("/").text


def test_an_unknown_address_below_cy_shows_every_number(english_first):
    answer = english_first.get("/cy/nope")

    assert answer.status_code == 404
    assert "01632 960171" in answer.text
    assert '<a href="/cy/">Pwy i&#39;w ffonio nawr</a>' in answer.text
