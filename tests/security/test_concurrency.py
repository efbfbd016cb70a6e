"""Limits on expensive requests at the same time: each place is held by one that has not ended."""

from contextlib import ExitStack

import pytest
from serving import poll
from staff.conftest import Browser, sign_in
from telephone import BASE, CALLED, CALLER, Telephone, sign
from twilio.request_validator import SIGNATURE_HEADER

from routing import health

TIMELINE = "/api/v1/services/children/timeline?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z"
FEED = "/calendars/nobody-has-this.ics"
SIGN_IN = "/staff/sign-in"
VOICE = "/twilio/voice/children"


@pytest.fixture
def duty(app):
    return sign_in(app, "divert")


@pytest.fixture
def under_way(app):
    """Hold a request that has begun and does not end; ``cookie`` is the browser's that sent it."""
    with ExitStack() as stack:

        def begin(path, times, cookie=""):
            for _ in range(times):
                stack.enter_context(app.test_request_context(path, headers={"Cookie": cookie}))
                app.preprocess_request()

        yield begin


def cookie_of(browser):
    return f"staff={browser.client.get_cookie('staff', path='/staff').value}"


def get(app, path, cookie=""):
    return app.test_client(use_cookies=False).get(path, headers={"Cookie": cookie})


def test_a_third_request_of_strangers_is_refused_at_once(app, under_way):
    under_way(FEED, 2)
    for path in (SIGN_IN, "/staff", "/staff/diverts", FEED, TIMELINE):
        answer = get(app, path)
        assert answer.status_code == 503, path
        assert int(answer.headers["Retry-After"]) > 0, path


def test_a_refused_sign_in_says_how_to_divert_without_it(app, under_way):
    under_way(TIMELINE, 2)
    for path in (SIGN_IN, f"{SIGN_IN}/provider", f"{SIGN_IN}/callback?code=a"):
        answer = get(app, path)
        assert answer.status_code == 503, path
        assert "who-to-call divert set children" in answer.text, path
        assert 'href="tel:999"' in answer.text, path


def test_a_form_that_is_refused_is_not_sent_again_by_itself(app, under_way):
    under_way(SIGN_IN, 2)
    answer = app.test_client().post(SIGN_IN, data={"name": "x", "password": "y"})

    assert answer.status_code == 503
    assert "refresh" not in answer.text
    assert "refresh" in get(app, SIGN_IN).text


def test_strangers_do_not_lock_staff_out(app, under_way, duty):
    under_way(SIGN_IN, 2)

    assert duty.get("/staff").status_code == 200


def test_staff_do_not_keep_others_from_signing_in_but_are_limited_themselves(app, under_way, duty):
    duty.get("/staff")
    under_way("/staff", 2, cookie_of(duty))

    assert duty.get("/staff").status_code == 503
    assert get(app, SIGN_IN).status_code == 200


def test_a_cookie_that_no_sign_in_made_is_a_strangers(app, under_way, duty):
    duty.get("/staff")
    visitor = Browser(app)
    visitor.get(SIGN_IN)  # it is given a cookie for its form, which we signed
    forged = cookie_of(duty).rpartition(".")[0] + ".AAAAAAAAAAAAAAAAAAAAAAAAAAA"
    under_way(FEED, 2)

    for cookie in ("staff=x", "staff=eyJ0b2tlbiI6IngifQ.x.x", forged, cookie_of(visitor)):
        assert get(app, "/staff", cookie).status_code == 503, cookie
    assert get(app, "/staff", cookie_of(duty)).status_code == 200


def test_every_place_is_given_back_also_when_a_later_hook_fails(app):
    @app.before_request
    def fail():
        raise RuntimeError("a hook that fails")

    answers = [get(app, path).status_code for path in (SIGN_IN, FEED, TIMELINE, SIGN_IN) * 3]

    assert answers == [500] * 12


def test_every_place_is_given_back_once(app, under_way):
    for path in (FEED, "/staff/nothing", SIGN_IN, TIMELINE, "/nothing", "/contacts") * 4:
        assert get(app, path).status_code != 503, path
    under_way(FEED, 2)

    assert get(app, FEED).status_code == 503


def test_callers_are_answered_whatever_is_refused(app, under_way, duty):
    duty.get("/staff")
    under_way(FEED, 2)
    under_way("/embed", 2)
    under_way("/staff", 2, cookie_of(duty))

    decision = "/api/v1/services/children/decision"
    for path in ("/", "/services/children", "/services/children/now", decision, f"{decision}?x=1"):
        assert get(app, path).status_code == 200, path
    for path in ("/contacts", "/contacts?q=nobody"):
        assert "01632 960001" in get(app, path).text, path
    assert get(app, "/api/v1/services/professionals/number").status_code == 200
    assert Telephone(app.test_client()).call("CA1").number


def test_a_signed_call_is_answered_however_long_its_form_and_however_many_such_run(app):
    twilio = Telephone(app.test_client())
    long = {"SipHeader_Identity": "e" * 25_000}
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(app.test_request_context(VOICE, method="POST", data=long))
            app.preprocess_request()

        assert twilio.call("CA1", **long).number
        assert twilio.texts(Body="你" * 1600)
        form = twilio.form("CA2", CALLER, CALLED)
        chunked = {"Transfer-Encoding": "chunked", SIGNATURE_HEADER: sign(BASE + VOICE, form)}
        as_gunicorn = {"wsgi.input_terminated": True}
        answer = app.test_client().post(
            VOICE, data=form, headers=chunked, environ_overrides=as_gunicorn
        )
        assert "<Dial" in answer.text
    assert app.test_client().post(VOICE, data=long).status_code == 403


def test_lists_that_grow_with_the_directory_have_a_limit_of_their_own_and_programs_learn_why(
    app, under_way
):
    under_way("/embed", 2)
    page, answer = get(app, "/embed"), get(app, "/api/v1/lines")
    assert get(app, SIGN_IN).status_code == 200
    under_way(TIMELINE, 2)
    timeline = get(app, TIMELINE)

    assert timeline.headers["Access-Control-Allow-Origin"] == "*"
    for problem in (answer, timeline):
        assert (problem.mimetype, problem.json["status"]) == ("application/problem+json", 503)
    assert page.status_code == answer.status_code == 503
    assert "divert" not in page.text
    assert 'href="/"' in page.text


def test_an_unknown_address_stays_unknown_on_a_page_that_costs_nothing(app, under_way):
    whole = get(app, "/nothing")
    under_way("/embed", 2)
    short = get(app, "/nothing")

    assert whole.status_code == short.status_code == 404
    assert "01632 960100" in whole.text
    assert "01632 960100" not in short.text
    assert 'href="tel:999"' in short.text


def test_a_monitor_that_asks_while_another_is_answered_is_told_the_last_word(app):
    first = get(app, "/readyz")
    with app.test_request_context("/readyz"):
        app.dispatch_request()
        second = get(app, "/readyz")

    assert second.status_code == 200
    assert second.text == first.text


def test_staff_are_warned_of_refused_requests(app, under_way):
    with app.app_context():
        assert "requests_refused" not in [notice.code for notice in health.conditions()]
    under_way(FEED, 2)
    get(app, FEED)

    with app.app_context():
        poll(lambda: "requests_refused" in [notice.code for notice in health.conditions()])
