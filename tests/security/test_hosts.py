"""The address that somebody asks for is their own word: nothing of ours leads to it."""

from itertools import product

from staff.conftest import sign_in
from telephone import BASE

HOSTS = ["evil.example", "a b", "[", "[::1", "a]b", "x:99999999", "a@b", "a/b", "a\\b", "<b>"]
HOSTS += ["", "é"]
PATHS = ["/", "/contacts", "/embed", "/contacts//", "/api//v1/services", "/staff", "/staff/sign-in"]
PATHS += ["/services//children", "/staff//sign-in", "/nope", "/openapi.json", "/assets//x"]
LIES = {
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "host=evil.example",
    "X-Original-URL": "/staff",
    "X-Rewrite-URL": "/staff",
    "X-Forwarded-Prefix": "//evil.example",
}


def test_no_answer_leads_to_a_host_that_was_asked_for(app):
    client = app.test_client(use_cookies=False)
    for host, path in product(HOSTS, PATHS):
        answer = client.get(path, headers={"Host": host, **LIES})
        assert answer.status_code < 500, (host, path)
        assert "evil.example" not in answer.text, (host, path)
        assert answer.headers.get("Location", "/").startswith("/"), (host, path)


def test_a_calendars_address_is_that_of_the_service(app):
    browser = sign_in(app, "rota")
    page = browser.get("/staff/rota/mine")
    cookie = browser.client.get_cookie("staff", path="/staff").value
    made = app.test_client(use_cookies=False).post(
        "/staff/rota/feeds",
        data={"csrf_token": _token(page), "of": "whole"},
        headers={"Host": "evil.example", "Cookie": f"staff={cookie}"},
    )

    assert f"{BASE}/calendars/" in made.text
    assert "evil.example" not in made.text


def test_a_link_with_two_slashes_is_an_address_that_there_is_not(app):
    answer = app.test_client().get("/services//children")

    assert answer.status_code == 404
    assert "01632 960001" in answer.text


def _token(page):
    return page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
