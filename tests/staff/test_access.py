"""Who may come in: every page and form tried with every role, with none, and by a foreign form."""

import io
import re

import pytest
from addresses import REFUSED, STAFF_PAGES
from staff.conftest import Browser, calendar, check, confirm, page_text

from routing import lookup
from routing.staff import auth
from routing.store import diverts, tables

MULTIPART = "multipart/form-data; boundary=b"
PUBLIC = {
    "/staff/sign-in",
    "/staff/sign-in/provider",
    "/staff/sign-in/callback",
    "/staff/sign-in/password/1",
}
ROLES = ["view", "rota", "divert", "admin"]
FOR_ADMINISTRATORS = {"/staff/accounts", "/staff/accounts/1", "/staff/setup"}
FOR_ANY_ROLE = {
    "/staff",
    "/staff/account",
    "/staff/calls",
    "/staff/calls.csv",
    "/staff/changes",
    "/staff/diverts",
    "/staff/preview",
    "/staff/rota",
    "/staff/rota.csv",
    "/staff/rota/bank-holidays",
    "/staff/rota/feeds",
    "/staff/rota/feeds/1/revoke",
    "/staff/rota/gaps",
    "/staff/rota/mine",
    "/staff/rota/print",
    "/staff/rota/shifts/1",
    "/staff/sign-out",
}


@pytest.fixture
def routes(app):
    """Return every staff page and form, as a method and a path."""
    return sorted(
        (method, re.sub(r"<.*?>", "1", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/staff")
    )


def token(browser):
    """Return the form token of somebody's session."""
    page = browser.get("/staff")
    if page.status_code == 302:
        page = browser.get("/staff/sign-in")
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def ask(browser, method, path):
    data = {"csrf_token": token(browser)} if method == "POST" else None
    return browser.client.open(path, method=method, data=data)


def test_a_page_is_shown_only_after_sign_in(app, routes):
    for method, path in routes:
        answer = ask(Browser(app), method, path)

        if path in PUBLIC:
            assert answer.status_code in (200, 403, 404, 503), path
            assert "Calls go to" not in answer.text, path
        else:
            assert answer.status_code == 302, path
            sign_in = r"/staff/sign-in\?(left=yes|next=/staff)"
            assert re.match(sign_in, answer.headers["Location"]), path
        assert answer.headers["Cache-Control"] == "no-store", path


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_it_should_and_nothing_else(signed_in, app, routes, role):
    browser, wrong = signed_in(role), []
    for method, path in routes:
        if path in PUBLIC or path == "/staff/sign-out":
            continue
        answer = ask(browser, method, path)
        needed = "rota" if path.startswith("/staff/rota") else "divert"
        if path in FOR_ADMINISTRATORS:
            needed = "admin"
        may = path in FOR_ANY_ROLE or role in (needed, "admin")
        refused = answer.status_code == 403 and f"needs the role &#39;{needed}&#39;" in answer.text
        if refused is may:
            wrong.append((method, path, answer.status_code))

    assert wrong == []
    assert ask(browser, "POST", "/staff/sign-out").status_code == 302
    with app.app_context(), lookup.database().reading() as connection:
        assert diverts.current_and_future(connection, lookup.now()) == ()


def test_an_account_without_a_role_sees_no_page(app, signed_in):
    person = signed_in("view")
    with app.app_context(), lookup.database().writing() as connection:
        connection.execute(tables.accounts.update().values(roles=""))

    assert person.get("/staff").status_code == 403


def test_a_form_from_elsewhere_changes_nothing(duty, routes):
    for method, path in routes:
        if method == "GET" or path == "/staff/sign-in":
            continue
        for data in ({}, {"csrf_token": "guessed"}):
            answer = duty.client.post(path, data={**data, "everywhere": "yes"})
            assert answer.status_code == 400, path
            assert "Nothing was changed" in " ".join(answer.text.split()), path
        assert duty.get("/staff").status_code == 200, path


def test_the_form_token_of_one_session_is_no_good_in_another(signed_in, duty):
    other = signed_in("admin")

    assert duty.client.post("/staff/sign-out", data={"csrf_token": token(other)}).status_code == 400


class Body(io.BytesIO):
    """A form's body that notes how much of it is read."""

    was_read = 0

    def read(self, size=-1, /):
        content = super().read(size)
        self.was_read += len(content)
        return content


LIMITS = [
    ([], "/staff/sign-in", 256 * 1024),
    ([], "/staff/rota/import", 256 * 1024),
    (["rota"], "/staff/rota/fill", 256 * 1024),
    (["rota"], "/staff/rota/import", 4 * 1024**2),
]


def test_a_form_over_the_limit_is_refused_before_any_of_it_is_read(app, signed_in):
    for roles, path, limit in LIMITS:
        body = Body(b"x" * (limit + 1))
        browser = signed_in(*roles) if roles else Browser(app)
        answer = browser.client.post(
            path, input_stream=body, content_length=limit + 1, content_type=MULTIPART
        )

        assert (answer.status_code, body.was_read) == (413, 0), (roles, path)
        assert "choose Save as or Export, then CSV" in page_text(answer)


def test_a_spreadsheet_of_two_megabytes_may_be_sent_by_somebody_who_has_signed_in(arranger):
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    data = form + b"x" * 2_097_152 + b"\r\n--b--\r\n"
    answer = arranger.client.post("/staff/rota/import", data=data, content_type=MULTIPART)

    assert answer.status_code == 400
    assert "opened before you signed in" in answer.text  # it was read, and has no token


def test_after_signing_in_a_staff_page_may_follow_and_no_other_spelling_of_an_address():
    others = [*REFUSED, None, "/staff?" + "x" * 300]

    assert [auth.safe_next_url(address) for address in STAFF_PAGES] == STAFF_PAGES
    assert [address for address in others if auth.safe_next_url(address) != "/staff"] == []


def test_the_cookie_is_for_staff_pages_alone_and_not_for_scripts(browser):
    header = browser.get("/staff/sign-in").headers["Set-Cookie"]

    for word in ("HttpOnly", "SameSite=Lax", "Path=/staff"):
        assert word in header
    assert "Expires" not in header


def test_the_cookie_goes_over_https_alone_but_for_plain_loopback(app):
    proxied = {"X-Forwarded-For": "203.0.113.9"}
    for url, headers, is_secure in (
        ("http://127.0.0.1:8000", {}, False),
        ("http://localhost:8000", {}, False),
        ("http://[::1]:8000", {}, False),
        ("https://127.0.0.1", {}, True),
        ("http://calls.anyshire.example", {}, True),
        ("http://127.0.0.1:8000", proxied, True),
        ("http://127.0.0.1.evil.example", {}, True),
    ):
        answer = app.test_client().get("/staff/sign-in", base_url=url, headers=headers)
        assert ("Secure" in answer.headers["Set-Cookie"]) is is_secure, (url, headers)


def test_no_other_page_gives_a_cookie_or_reads_one(duty):
    for path in ("/", "/contacts", "/api/v1/services", "/staffing", "/healthz"):
        answer = duty.get(path)
        assert "Set-Cookie" not in answer.headers, path
        assert "Cookie" not in answer.headers.get("Vary", ""), path


def test_a_key_is_made_once_and_kept_for_the_owner_alone(app, browser, tmp_path):
    browser.get("/staff/sign-in")
    key = tmp_path / "instance" / "secret-key"

    assert len(key.read_text()) >= 43
    assert oct(key.stat().st_mode)[-3:] == "600"
    before = key.read_text()
    app.secret_key = None
    browser.get("/staff/sign-in")
    assert key.read_text() == before


def test_signing_out_ends_the_session_for_a_copied_cookie_too(app, duty):
    copied = duty.client.get_cookie("staff", path="/staff").value
    duty.send(duty.get("/staff"), "/staff/sign-out")
    thief = app.test_client()
    thief.set_cookie("staff", copied, path="/staff")

    assert thief.get("/staff").status_code == 302


def test_only_whoever_may_divert_sees_the_number_of_an_internal_line(signed_in, clock, routes):
    """On no page: while calls are diverted to it, and nobody has confirmed its number for long."""
    clock.set("2027-03-01T12:00:00Z")
    colleague = signed_in("divert", "rota")
    confirm(colleague, check(colleague, line="duty-manager"))
    pages = [path for method, path in routes if method == "GET" and path not in PUBLIC]
    for role in ROLES:
        browser = signed_in(role)
        texts = {path: browser.get(path, follow_redirects=True).text for path in pages}
        shown = {path for path, text in texts.items() if "900001" in text}

        assert "Duty manager" in texts["/staff"]
        assert ({"/staff", "/staff/preview"} <= shown) is (role in ("divert", "admin")), role
        assert bool(shown) is (role in ("divert", "admin")), (role, shown)


def test_signing_out_everywhere_ends_all_sessions_and_calendars_of_that_person_alone(
    app, duty, signed_in
):
    elsewhere, other = signed_in("divert"), signed_in("rota")
    feeds = calendar(duty), calendar(other)
    duty.send(duty.get("/staff"), "/staff/sign-out")
    assert [app.test_client().get(feed).status_code for feed in feeds] == [200, 200]
    assert elsewhere.get("/staff").status_code == 200
    elsewhere.send(elsewhere.get("/staff"), "/staff/sign-out", everywhere="yes")

    assert [browser.get("/staff").status_code for browser in (elsewhere, other)] == [302, 200]
    assert [app.test_client().get(feed).status_code for feed in feeds] == [404, 200]


def test_a_local_session_ends_when_a_provider_is_set(app, duty):
    path = calendar(duty)
    app.config["OIDC_ISSUER"] = "https://login.anyshire.example"

    assert duty.get("/staff").status_code == 302
    assert app.test_client().get(path).status_code == 403
