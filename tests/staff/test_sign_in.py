"""Signing in with an account of this service's own."""

from datetime import timedelta

from staff.conftest import page_text


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
