"""Signing in with an account of this service's own."""

import io
import re
from datetime import timedelta

import pytest
from staff.conftest import DIVERT_FORM, PASSWORD, check, confirm, page_text


def test_a_wrong_password_and_a_wrong_name_are_told_alike_and_many_make_one_wait(
    browser, account, clock
):
    name = account("divert")
    answers = [browser.sign_in(who, "wrong") for who in ("nobody", *[name] * 5)]
    for answer in answers:
        assert answer.status_code == 403
        assert "The name or the password is wrong." in page_text(answer)
    assert browser.get("/staff").status_code == 302
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
        return browser.send(page, "/staff/diverts/new", **{**DIVERT_FORM, **values})

    return expired


def test_a_form_sent_after_the_session_ended_is_shown_again_after_sign_in(browser, expired, stored):
    refused = expired("Priya", note="Phones down " + "x" * 180)
    with browser.client.session_transaction("/staff") as session:
        assert "Phones" not in repr(session)  # the cookie holds nothing of it
    assert "Your form was not saved" in page_text(refused)
    wrong = browser.send(refused, "/staff/sign-in", name="Priya", password="wrong")
    again = browser.send(wrong, "/staff/sign-in", name="Priya", password=PASSWORD)

    assert "Note Phones down" in page_text(again)
    checked = browser.send(again, "/staff/diverts/new")
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


def test_a_form_that_this_service_signed_is_shown_again_after_signing_in_elsewhere(
    browser, expired
):
    """As with the council's provider, whose page cannot hold it."""
    refused = expired("Priya")
    sealed = re.search(r'name="unsaved" value="([^"]+)"', refused.text)[1]
    early = browser.send_unsaved(sealed)
    browser.sign_in("Priya")
    answer = browser.send_unsaved(sealed)
    for changed in (sealed[:-1], "", "x.y.z"):
        assert browser.send_unsaved(changed).request.path == "/staff", changed

    assert "Sign in" in page_text(early)
    assert "Line Emergency Duty Service (EDS)" in page_text(answer)


def test_no_file_and_no_password_is_kept_and_what_was_only_confirmed_is_asked_again(
    browser, account, clock, stored
):
    browser.sign_in(account("rota", "divert"))
    end = zip(("day", "month", "year", "time"), ("24", "11", "2026", "5pm"), strict=True)
    confirm(browser, check(browser, until="time", **{f"until-{name}": text for name, text in end}))
    account_page, end_all = map(browser.get, ("/staff/account", "/staff/diverts/end-all"))
    token = re.search(r'name="csrf_token" value="([^"]+)"', account_page.text)[1]
    clock.at += timedelta(hours=13)
    sheet = (io.BytesIO(b"role,starts,ends,person" + b" " * 1_000_000), "rota.csv")
    data = {"csrf_token": token, "file": sheet}
    file = browser.client.post("/staff/rota/import", data=data, follow_redirects=True)
    passwords = {"current": PASSWORD, "new": "gravel lantern teapot"}
    password = browser.send(account_page, "/staff/account", **passwords)
    confirmed = browser.send(end_all, "/staff/diverts/end-all")

    assert "If you sent it twice, your password is changed" in page_text(password)
    for answer in (file, confirmed):
        assert "Your form was not saved" in page_text(answer)
    for answer in (file, password, confirmed):
        assert 'name="unsaved"' not in answer.text
    again = browser.send(confirmed, "/staff/sign-in", name="rota-divert", password=PASSWORD)
    assert again.request.path == "/staff/diverts/end-all"
    assert len(stored()) == 1


def test_nobody_elses_form_is_kept(browser):
    for path in ("/staff/diverts/new", "/staff/sign-in/expired"):
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
