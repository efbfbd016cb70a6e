"""Signing in with an account of this service's own."""

import base64
import io
import re
import zlib
from datetime import timedelta

import pytest
from staff.conftest import DIVERT_FORM, PASSWORD, check, confirm, page_text


def test_a_wrong_password_and_a_wrong_name_are_told_alike(browser, account):
    name = account("divert")
    wrong, nobody = browser.sign_in(name, "wrong"), browser.sign_in("nobody", "wrong")

    assert wrong.status_code == nobody.status_code == 403
    for answer in (wrong, nobody):
        assert "The name or the password is wrong." in page_text(answer)
    assert browser.get("/staff").status_code == 302


def test_many_wrong_passwords_make_one_wait_the_right_one_too(browser, account, clock):
    name = account("divert")
    for _ in range(5):
        browser.sign_in(name, "wrong")
    assert "Wait 3 seconds" in page_text(browser.sign_in(name))
    clock.at += timedelta(seconds=3)

    assert "On duty now" in page_text(browser.sign_in(name))


def test_without_a_provider_nobody_comes_in_by_its_way(browser):
    assert browser.get("/staff/sign-in/provider").status_code in (403, 503)
    assert browser.get("/staff/sign-in/callback?code=x&state=y").status_code == 403


@pytest.fixture
def expired(browser, account, clock):
    """Return a function that sends a form for a divert of a session that has ended."""

    def expired(name, **values):
        browser.sign_in(account("divert", name=name))
        page = browser.get("/staff/diverts/new")
        clock.at += timedelta(hours=13)
        return browser.send(page, "/staff/diverts/check", **{**DIVERT_FORM, **values})

    return expired


def test_a_form_sent_after_the_session_ended_is_shown_again_after_sign_in(browser, expired, stored):
    refused = expired("Priya", note="Phones down " + "x" * 180)
    assert "Your form was not saved" in page_text(refused)
    wrong = browser.send(refused, "/staff/sign-in", name="Priya", password="wrong")
    again = browser.send(wrong, "/staff/sign-in", name="Priya", password=PASSWORD)

    assert "Note Phones down" in page_text(again)
    checked = browser.send(again, "/staff/diverts/check")
    assert "For colleagues: Phones down" in page_text(checked)
    assert stored() == ()


def test_somebody_else_who_signs_in_on_the_same_phone_does_not_get_the_form(
    browser, account, expired
):
    refused = expired("Priya", note="About Amara")
    account("divert", name="Tom")
    answer = browser.send(refused, "/staff/sign-in", name="Tom", password=PASSWORD)
    sealed = re.search(r'name="unsaved" value="([^"]+)"', refused.text)[1]
    response = browser.client.post("/staff/sign-in/unsaved", data={"unsaved": sealed})

    assert (answer.status_code, answer.request.path) == (200, "/staff")
    assert "About Amara" not in answer.text
    assert (response.status_code, response.headers["Location"]) == (302, "/staff")


def test_the_cookie_holds_nothing_of_a_form(browser, expired):
    expired("Priya", note="About Amara")
    cookie = browser.client.get_cookie("staff", path="/staff").value
    payload = cookie.split(".")[0] if not cookie.startswith(".") else cookie.split(".")[1]
    text = base64.urlsafe_b64decode(payload + "==")

    assert b"Amara" not in (zlib.decompress(text) if cookie.startswith(".") else text)


def test_a_form_is_shown_again_after_signing_in_in_another_tab(app, browser, account, expired):
    """As with the council's provider, whose page cannot hold it."""
    refused = expired("Priya")
    sealed = re.search(r'name="unsaved" value="([^"]+)"', refused.text)[1]
    early = browser.send_unsaved(sealed)
    browser.sign_in("Priya")
    answer = browser.send_unsaved(sealed)

    assert "Sign in" in page_text(early)
    assert "Line Emergency Duty Service (EDS)" in page_text(answer)


@pytest.mark.parametrize(
    "change", [lambda sealed: sealed[:-1], lambda sealed: "", lambda sealed: "x.y.z"]
)
def test_a_form_that_this_service_did_not_sign_is_not_shown(browser, expired, change):
    refused = expired("Priya")
    sealed = re.search(r'name="unsaved" value="([^"]+)"', refused.text)[1]
    browser.sign_in("Priya")

    assert browser.send_unsaved(change(sealed)).request.path == "/staff"


def test_a_file_is_not_kept_and_that_is_said(browser, account, clock):
    browser.sign_in(account("rota"))
    page = browser.get("/staff/rota/import")
    clock.at += timedelta(hours=13)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    sheet = (io.BytesIO(b"role,starts,ends,person" + b" " * 1_000_000), "rota.csv")
    data = {"csrf_token": token, "file": sheet}
    answer = browser.client.post("/staff/rota/import", data=data, follow_redirects=True)

    assert "Your form was not saved" in page_text(answer)


def test_what_was_only_confirmed_is_asked_again_and_no_password_is_kept(
    browser, account, clock, stored
):
    browser.sign_in(account("divert"))
    later = dict(zip(("until-day", "until-month", "until-year"), ("24", "11", "2026"), strict=True))
    confirm(browser, check(browser, until="time", **later, **{"until-time": "5pm"}))
    password, end_all = (browser.get(path) for path in ("/staff/account", "/staff/diverts/end-all"))
    clock.at += timedelta(hours=13)
    typed = {"current": PASSWORD, "new": "gravel lantern teapot"}
    for page, values in ((password, typed), (end_all, {})):
        answer = browser.send(page, page.request.path, **values)
        assert "Your form was not saved" in page_text(answer)
        assert 'name="unsaved" value="' not in answer.text

    again = browser.send(answer, "/staff/sign-in", name="divert", password=PASSWORD)
    assert again.request.path == "/staff/diverts/end-all"
    assert len(stored()) == 1


def test_nobody_elses_form_is_kept(browser):
    for path in ("/staff/diverts/check", "/staff/sign-in/expired"):
        answer = browser.client.post(path, data=DIVERT_FORM)

        assert answer.status_code == 400
        assert 'name="unsaved"' not in answer.text


def test_a_second_tab_signs_in_too(browser, account):
    name = account("divert")
    first_tab = browser.get("/staff/sign-in?next=/staff/diverts")
    browser.sign_in(name)
    answer = browser.send(first_tab, "/staff/sign-in", name=name, password=PASSWORD)

    assert (answer.status_code, answer.request.path) == (200, "/staff/diverts")


def test_a_sign_in_form_from_elsewhere_signs_nobody_in(browser, account):
    data = {"name": account("divert"), "password": PASSWORD, "csrf_token": "guessed"}
    browser.client.post("/staff/sign-in", data=data, follow_redirects=True)

    assert browser.get("/staff").status_code == 302
