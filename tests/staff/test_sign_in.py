"""Signing in with an account of this service's own."""

from datetime import timedelta

from staff.conftest import DIVERT_FORM, PASSWORD, page_text


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


def test_a_form_sent_after_the_session_ended_is_said_to_be_lost_and_its_page_opens_again(
    browser, account, clock, stored
):
    name = account("divert")
    browser.sign_in(name)
    page = browser.get("/staff/diverts/new")
    clock.at += timedelta(hours=13)
    refused = browser.send(page, "/staff/diverts/new", **DIVERT_FORM)
    again = browser.send(refused, "/staff/sign-in", name=name, password=PASSWORD)

    assert "it was not saved" in page_text(refused)
    assert "Phones down" not in refused.text
    assert again.request.path == "/staff/diverts/new"
    assert stored() == ()


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
