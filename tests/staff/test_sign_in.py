"""Signing in with an account of this service's own."""

from datetime import timedelta

from staff.conftest import DIVERT_FORM, PASSWORD, page_text


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


def test_a_form_sent_after_the_session_ended_is_shown_again_after_sign_in(
    browser, account, clock, stored
):
    name = account("divert")
    browser.sign_in(name)
    page = browser.get("/staff/diverts/new")
    clock.at += timedelta(hours=13)
    refused = browser.send(page, "/staff/diverts/check", **DIVERT_FORM)
    assert "Your form was not saved" in page_text(refused)
    again = browser.send(refused, "/staff/sign-in", name=name, password=PASSWORD)

    assert "Note Phones down" in page_text(again)
    checked = browser.send(again, "/staff/diverts/check")
    assert "For colleagues: Phones down" in page_text(checked)
    assert stored() == ()


def test_a_form_that_is_too_long_to_keep_says_so(browser, account, clock):
    browser.sign_in(account("divert"))
    page = browser.get("/staff/diverts/new")
    clock.at += timedelta(hours=13)
    refused = browser.send(page, "/staff/diverts/check", **{**DIVERT_FORM, "note": "x" * 1500})

    assert "too long to be kept" in page_text(refused)


def test_nobody_elses_form_is_kept(browser):
    answer = browser.client.post("/staff/diverts/check", data=DIVERT_FORM)

    assert answer.status_code == 400
    assert browser.get("/staff/sign-in/unsaved").status_code == 302


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
