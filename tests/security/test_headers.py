"""What every answer carries, whatever was asked: no page of ours runs or frames another's."""

from routes import addresses
from staff.conftest import sign_in
from telephone import BASE, sign

EVERY = {
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
FORM = {"CallSid": "CA1", "From": "+447700900999", "To": "+441632960100"}


def lacking(answer):
    return [name for name, word in EVERY.items() if word not in answer.headers.get(name, "")]


def test_every_answer_of_every_address_carries_them(app):
    browser, seen, wrong = sign_in(app, "admin"), set(), []
    for client in (browser.client, app.test_client()):
        for method, path in sorted({*addresses(app)}):
            signed = {"X-Twilio-Signature": sign(BASE + path, FORM)}
            sent = {"headers": signed, "data": FORM} if method == "POST" else {}
            answer = client.open(path, method=method, **sent)
            seen.add(answer.status_code)
            wrong += [(method, path, answer.status_code, header) for header in lacking(answer)]
            answer.close()

    assert wrong == []
    assert seen >= {200, 302, 400, 401, 403, 404}


LARGE = {"data": b"x" * 5_000_000, "content_type": "application/x-www-form-urlencoded"}


def test_so_do_answers_to_what_makes_no_sense_and_those_that_nothing_has_changed(app):
    client = app.test_client()
    for status, method, path, more in (
        (404, "GET", "/nope", {}),
        (404, "GET", "/api/v1/nope", {}),
        (404, "GET", "/static/nope", {}),
        (405, "DELETE", "/", {}),
        (405, "POST", "/api/v1/services", {}),
        (405, "TRACE", "/staff/sign-in", {}),
        (302, "POST", "/staff/sign-in", {}),
        (413, "POST", "/staff/sign-in", LARGE),
        (400, "GET", "/api/v1/services/children/decision?at=x", {}),
    ):
        answer = client.open(path, method=method, **more)
        assert (answer.status_code, lacking(answer)) == (status, []), path
    for path in ("/services/children/fragment", "/api/v1/services"):
        tag = client.get(path).headers["ETag"]
        answer = client.get(path, headers={"If-None-Match": tag})
        assert (answer.status_code, lacking(answer)) == (304, []), path


def test_so_does_a_fault_of_ours_which_tells_nothing_of_itself(app):
    def broken():
        raise RuntimeError("a secret")

    views = {"site.home": "/", "api.lines": "/api/v1/lines", "now.show": "/staff"}
    app.view_functions.update(dict.fromkeys(views, broken))
    browser = sign_in(app, "admin")
    for path in views.values():
        answer = browser.get(path)
        assert (answer.status_code, lacking(answer)) == (500, []), path
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text


def test_no_policy_allows_anything_that_a_page_itself_says(app):
    browser = sign_in(app, "admin")
    for path in ("/", "/staff", "/nope", "/embed", "/api/v1/lines"):
        policy = browser.get(path).headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "*" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy


def test_by_plain_http_no_browser_is_told_to_use_https_alone(make_open):
    for base in ("http://127.0.0.1:8000", None):
        answer = make_open(PUBLIC_BASE_URL=base).test_client().get("/")
        assert "Strict-Transport-Security" not in answer.headers


def test_the_component_alone_is_for_pages_of_others_to_load(app):
    client, policy = app.test_client(), "Cross-Origin-Resource-Policy"

    assert client.get("/embed/v1.js").headers[policy] == "cross-origin"
    for path in ("/", "/staff/sign-in", "/api/v1/lines"):
        assert client.get(path).headers[policy] == "same-origin"


def test_who_uses_the_wrong_method_or_lacks_a_token_is_told_the_right_one(app):
    for path in ("/", "/api/v1/services"):
        allowed = app.test_client().post(path).headers["Allow"]
        assert set(allowed.split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert app.test_client().get("/metrics").headers["WWW-Authenticate"] == "Bearer"


def test_no_staff_page_is_compressed_since_its_length_would_betray_the_form_token(app):
    accepting = {"headers": {"Accept-Encoding": "gzip, br"}, "follow_redirects": True}
    for client in (sign_in(app, "admin").client, app.test_client()):
        for path in ("/staff", "/staff/sign-in", "/staff/diverts", "/staff/nope"):
            answer = client.get(path, **accepting)
            assert len(answer.data) > 1000, path
            assert "Content-Encoding" not in answer.headers, path
