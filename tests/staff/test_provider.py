"""Signing in with a real OpenID provider on loopback, that is right, wrong, slow or down."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlsplit

import openid
import pytest
from staff.conftest import Browser, calendar, fields, page_text

from routing import lookup
from routing.store import accounts


@pytest.fixture
def provider():
    with openid.running() as provider:
        yield provider


@pytest.fixture
def council(make_stored, provider):
    """An app whose staff sign in with the provider."""
    return make_stored(
        OIDC_ISSUER=provider.issuer,
        OIDC_CLIENT_ID=openid.CLIENT,
        OIDC_CLIENT_SECRET=openid.SECRET,
    )


@pytest.fixture
def visitor(council):
    return Browser(council)


def to_provider(visitor, onward="/staff/preview"):
    """Go to the provider, and return the address to which it sends one back."""
    import requests

    sent = visitor.get(f"/staff/sign-in/provider?next={quote(onward)}")
    assert sent.status_code == 302, page_text(sent)
    back = requests.get(sent.headers["Location"], allow_redirects=False, timeout=10)
    parts = urlsplit(back.headers["Location"])
    return f"{parts.path}?{parts.query}"


def signed_in(visitor):
    return visitor.get("/staff").status_code == 200


def test_people_sign_in_with_the_roles_that_the_provider_gives_them(visitor):
    answer = visitor.get(to_provider(visitor))

    assert (answer.status_code, answer.headers["Location"]) == (302, "/staff/preview")
    assert "Signed in as Priya Shah (divert, view)" in visitor.get("/staff").text
    assert visitor.get("/staff/diverts/new").status_code == 200


def test_it_asks_with_a_state_a_nonce_a_pkce_challenge_and_the_scopes_of_the_settings(
    council, visitor
):
    council.config["OIDC_SCOPES"] = "profile groups"
    address = visitor.get("/staff/sign-in/provider").headers["Location"]
    query = parse_qs(urlsplit(address).query)

    assert query.keys() >= {"state", "nonce", "code_challenge"}
    assert query["code_challenge_method"] == ["S256"]
    assert query["scope"] == ["openid profile groups"]
    assert openid.SECRET not in address


WRONG_CLAIMS = [{"aud": "another"}, {"aud": ["another"]}, {"iss": "https://login.example/other"}]
WRONG_CLAIMS += [{"nonce": "of-another-time"}, {"exp": 1_700_000_000}]
WRONG_CLAIMS += [{claim: None} for claim in ("aud", "iss", "nonce", "exp", "sub")]


def test_a_token_that_is_not_quite_for_this_or_signed_by_a_stranger_is_refused(council, provider):
    for wrong in (*WRONG_CLAIMS, "the key"):
        if wrong == "the key":
            provider.wrong, provider.signing_key = {}, openid.generate_key()
        else:
            provider.wrong = wrong
        visitor = Browser(council)
        answer = visitor.get(to_provider(visitor))

        assert answer.status_code == 403, wrong
        assert "did not confirm who you are" in page_text(answer), wrong
        assert not signed_in(visitor), wrong


def test_a_way_back_is_good_once(council, visitor):
    back = to_provider(visitor)
    visitor.get(back)
    visitor.send(visitor.get("/staff"), "/staff/sign-out")

    assert visitor.get(back).status_code == 403
    assert Browser(council).get(back).status_code == 403
    assert not signed_in(visitor)


KEYCLOAK = {
    "sub": "f:8c2f:priya",
    "azp": "routing",
    "typ": "ID",
    "preferred_username": "priya",
    "realm_access": {"roles": ["offline_access", "duty managers"]},
    "resource_access": {
        "account": {"roles": ["view-profile"]},
        "who.x": {"roles": ["rota"]},
    },
    "groups": ["/Staff/Duty, Night", "/Staff"],
}
"""An ID token of Keycloak whose mappers add realm roles, client roles and groups."""

ENTRA = {
    "sub": "aaXw",
    "oid": "0b1c0f6e-21a5-4d2a-9ad0-7a5ad94ba0a4",
    "tid": "6d1f43a3-9a3e-4d0c-8a9b-cf7ab62a6b3c",
    "ver": "2.0",
    "groups": ["8C2F0F51-54B8-4B41-9A0F-0F3F7A6D1D55", "11111111-2222-3333-4444-555555555555"],
}
"""An ID token of Entra with group ids."""

OVERAGE = {
    "_claim_names": {"groups": "src1"},
    "_claim_sources": {
        "src1": {"endpoint": "https://graph.microsoft.com/v1.0/me/getMemberObjects"}
    },
}
"""What Entra puts in place of more than 200 groups."""


def sign_in_with(council, provider, claims, path="roles", role_map=None):
    """Sign in with these claims in place of the usual ones; return the page that follows."""
    council.config |= {"OIDC_ROLES_CLAIM": path, "OIDC_ROLES": role_map}
    provider.claims = {"sub": "1", "name": "Priya Shah", **claims}
    browser = Browser(council)
    response = browser.get(to_provider(browser))
    return browser.get("/staff") if response.status_code == 302 else response


LONG_NAME = {"https://x.example/roles": ["view"]}
ROLES = {
    "realm roles": (KEYCLOAK, "realm_access.roles", "duty managers=divert,rota", "divert, rota"),
    "client roles": (KEYCLOAK, "resource_access.who.x.roles", None, "rota"),
    "groups": (KEYCLOAK, "groups", "/Staff=view; /Staff/Duty, Night=divert", "divert, view"),
    "group ids": (ENTRA, "groups", "8c2f0f51-54b8-4b41-9a0f-0f3f7a6d1d55=admin;", "admin"),
    "app roles": ({"roles": ["Divert"]}, "roles", None, "divert"),
    "dots in a claim's name": (LONG_NAME, "https://x.example/roles", None, "view"),
    "an equals sign": ({"dn": "CN=Duty,OU=Staff"}, "dn", "CN=Duty,OU=Staff=divert", "divert"),
    "words": ({"roles": ["admin"], "app": "view rota"}, "app", None, "rota, view"),
    "words with commas": ({"app": "view,rota; divert"}, "app", None, "divert, rota, view"),
    "group numbers": ({"groups": [1201, 7]}, "groups", "1201=rota", "rota"),
    "a yes": ({"on_call": True}, "on_call", "true=divert", "divert"),
    "a group called like a role": ({"groups": ["admin", "x"]}, "groups", "x=view", "view"),
}
"""Claims as Keycloak, Entra and others write them, where to look, OIDC_ROLES, and what follows."""


def test_a_claim_of_any_depth_and_its_values_give_roles(council, provider):
    for kind, (claims, path, role_map, roles) in ROLES.items():
        page = sign_in_with(council, provider, claims, path, role_map)
        assert f"Signed in as Priya Shah ({roles})" in page.text, kind


def test_one_without_a_name_is_called_what_else_the_provider_says(council, provider):
    for key in ("preferred_username", "upn", "email"):
        claims = {"roles": ["view"], "name": " ", key: f"{key}@x.example"}
        assert f"{key}@x.example (view)" in sign_in_with(council, provider, claims).text


NO_ROLE, TOO_MANY = "has no role in this service", "more groups than Microsoft Entra puts into"
WITHOUT_ROLE = [
    *(({"roles": roles}, "roles", NO_ROLE) for roles in (None, [], ["owner"], "", 7, {"view": 1})),
    (OVERAGE, "groups", TOO_MANY),
    ({"hasgroups": True}, "groups", TOO_MANY),
    ({}, "groups", "it has no claim 'groups'"),
]


def test_one_without_a_role_is_refused_and_told_why_and_whom_to_ask(council, provider):
    for claims, path, reason in WITHOUT_ROLE:
        page = sign_in_with(council, provider, claims, path)
        assert page.status_code == 403, claims
        assert reason in page_text(page), claims
        assert "who-to-call divert set" in page_text(page), claims
    with council.app_context(), lookup.database().reading() as connection:
        assert accounts.active_accounts(connection) == []


def test_signing_out_goes_on_to_the_providers_sign_out(visitor, provider):
    visitor.get(to_provider(visitor))
    page = visitor.send(visitor.get("/staff"), "/staff/sign-out")
    url = urlsplit(page.headers["Refresh"].partition("url=")[2])

    assert not signed_in(visitor)
    assert f"{url.scheme}://{url.netloc}{url.path}" == provider.end_session
    query = parse_qs(url.query)
    assert query["client_id"] == [openid.CLIENT]
    assert query["post_logout_redirect_uri"] == ["http://localhost/staff/sign-in"]
    assert "You have signed out." in page_text(visitor.get("/staff/sign-in"))


def test_without_a_usable_sign_out_there_signing_out_here_is_enough(council, provider):
    for address in (None, "javascript:alert(1)", "https://x.example/\r\nX: y", 7):
        council.extensions.pop("provider", None)  # it is asked what it offers once
        provider.end_session, visitor = address, Browser(council)
        visitor.get(to_provider(visitor))
        page = visitor.send(visitor.get("/staff"), "/staff/sign-out")

        assert "You have signed out." in page_text(page), address
        assert "Refresh" not in page.headers, address
        assert not signed_in(visitor)


def test_after_a_sign_out_the_provider_asks_which_account_once(visitor, provider):
    def prompt():
        url = visitor.get("/staff/sign-in/provider").headers["Location"]
        return parse_qs(urlsplit(url).query).get("prompt")

    prompts = [prompt()]
    visitor.get(to_provider(visitor))
    visitor.send(visitor.get("/staff"), "/staff/sign-out")
    prompts.append(prompt())
    visitor.get(to_provider(visitor))

    assert [*prompts, prompt()] == [None, ["select_account"], None]


def test_roles_of_another_form_stop_sign_in_and_nothing_else(council, visitor):
    for role_map in ("duty", "duty=owner", "=admin", "duty=view, owner", "duty="):
        council.config["OIDC_ROLES"] = role_map
        page = visitor.get("/staff/sign-in")
        assert (page.status_code, "OIDC_ROLES is" in page_text(page)) == (503, True), role_map
        assert council.test_client().get("/").status_code == 200, role_map


def makes_many_tenants(provider):
    provider.says_issuer = "http://127.0.0.1/{tenantid}"


def goes_down(provider):
    provider.down = True


def hangs(provider):
    provider.slow = 10  # then it would answer, and well


@pytest.mark.parametrize(
    ("fails", "words"),
    [(makes_many_tenants, "Set OIDC_ISSUER"), (goes_down, "Try again"), (hangs, "Try again")],
)
def test_the_page_for_a_provider_that_cannot_be_used_names_the_other_way_to_divert(
    visitor, provider, monkeypatch, fails, words
):
    monkeypatch.setattr("routing.staff.sso.TIMEOUT_SECONDS", 0.5)
    fails(provider)
    answer = visitor.get("/staff/sign-in/provider")

    assert answer.status_code == 503
    assert words in page_text(answer)
    assert "who-to-call divert" in page_text(answer)


def test_what_anybody_says_in_the_providers_name_is_in_no_log(visitor, caplog):
    to_provider(visitor)
    visitor.get("/staff/sign-in/callback?error=Jane+Doe+07700+900123%0Aline")

    assert "sign-in with the provider failed" in caplog.text
    assert "Jane" not in caplog.text
    assert "900123" not in caplog.text


def test_the_page_for_an_error_of_the_provider_says_what_helps(visitor, provider):
    for error, words in (
        ("invalid_client", "OIDC_CLIENT_SECRET has expired or is wrong"),
        ("invalid_scope", "invalid_scope. Start again"),
        ("temporarily_unavailable", "Try again in a moment"),
        ("access_denied", "access_denied"),
    ):
        provider.token_error = error
        answer = page_text(visitor.get(to_provider(visitor)))
        assert words in answer
        assert "who-to-call divert set" in answer


def test_a_token_that_is_not_in_date_points_to_the_clocks(visitor, provider):
    for wrong in ({"exp": 1_700_000_000}, {"iat": 4_000_000_000}):
        provider.wrong = wrong
        answer = page_text(visitor.get(to_provider(visitor)))
        assert "not in date by this machine's clock" in answer, wrong


def test_half_a_configuration_names_the_missing_setting(make_stored):
    browser = Browser(make_stored(OIDC_ISSUER="https://login.anyshire.example"))
    for path in ("/staff/sign-in", "/staff/sign-in/provider"):
        answer = browser.get(path)
        assert answer.status_code == 503, path
        assert "OIDC_CLIENT_ID and OIDC_CLIENT_SECRET are not" in page_text(answer), path
        assert "who-to-call divert set" in page_text(answer), path
    assert browser.get("/staff").headers["Location"] == "/staff/sign-in?next=/staff"


def test_thirty_unfinished_sign_ins_do_not_prevent_the_next(visitor, provider):
    for _ in range(30):
        visitor.get("/staff/sign-in/provider")
    visitor.get(to_provider(visitor))

    assert signed_in(visitor)
    assert len(visitor.client.get_cookie("staff", path="/staff").value) < 4000


def test_a_provider_whose_description_or_keys_are_nonsense_lets_nobody_in(
    council, visitor, provider
):
    description = provider.metadata
    for metadata in ([], "x", {"issuer": 7}, None):
        council.extensions.pop("provider", None)
        provider.metadata = lambda metadata=metadata: metadata
        assert visitor.get("/staff/sign-in/provider").status_code == 503, metadata
    provider.metadata = description
    provider.key = type("Key", (), {"as_dict": lambda self, private: 3})()
    assert visitor.get(to_provider(visitor)).status_code == 403
    assert not signed_in(visitor)


def test_with_a_provider_local_accounts_are_shut(council, visitor):
    granted, password = frozenset({accounts.Role.ADMIN}), "correct horse battery"
    with council.app_context(), lookup.database().writing() as connection:
        accounts.add(connection, "local", granted, password, lookup.now(), "terminal:0")
    assert 'name="password"' not in visitor.get("/staff/sign-in").text
    visitor.get(to_provider(visitor))
    form = fields(visitor.get("/staff"), "/staff/sign-out", name="local", password=password)
    answer = visitor.post("/staff/sign-in", form)

    assert answer.status_code == 403
    assert "Sign in with your council account." in page_text(answer)
    assert "Signed in as Priya Shah" in visitor.get("/staff").text


def come_in(council, provider, *roles):
    """Sign in in another browser, with some roles."""
    provider.claims["roles"] = list(roles)
    browser = Browser(council)
    browser.get(to_provider(browser))
    return browser


def status(council, path):
    return council.test_client().get(path).status_code


def test_one_whom_the_provider_gives_no_role_any_more_loses_every_session_and_calendar(
    council, provider
):
    before = come_in(council, provider, "admin")
    path = calendar(before)
    refused = come_in(council, provider)

    assert not signed_in(refused)
    assert not signed_in(before)
    assert status(council, path) == 404
    assert signed_in(come_in(council, provider, "view"))


def denied(browser, error="access_denied", state=None):
    """Begin to sign in, and come back with the provider's refusal."""
    sent = browser.get("/staff/sign-in/provider").headers["Location"]
    state = state or parse_qs(urlsplit(sent).query)["state"][0]
    return browser.get(f"/staff/sign-in/callback?error={error}&state={state}")


def test_one_whom_the_provider_denies_access_loses_every_session_and_calendar(council, provider):
    elsewhere, here = (come_in(council, provider, "admin") for _ in range(2))
    path = calendar(elsewhere)

    assert "did not let you in" in page_text(denied(here))
    assert not signed_in(here)
    assert not signed_in(elsewhere)
    assert status(council, path) == 404


def test_a_fault_of_the_provider_or_a_forged_refusal_ends_nothing(council, provider):
    browser = come_in(council, provider, "view")
    path = calendar(browser)
    for answer in ({"error": "temporarily_unavailable"}, {"state": "of-another-browser"}):
        assert denied(browser, **answer).status_code == 403
        assert signed_in(browser)
        assert status(council, path) == 200


def test_two_tabs_may_sign_in_at_once_and_each_goes_where_it_was_going(visitor, provider):
    first = to_provider(visitor, "/staff/rota")
    visitor.get("/staff/changes")
    second = to_provider(visitor, "/staff/preview")

    assert visitor.get(first).headers["Location"] == "/staff/rota"
    assert visitor.get(second).headers["Location"] == "/staff/preview"
    assert signed_in(visitor)


def test_a_calendar_says_when_it_stops_and_then_what_to_do_and_no_name(council, provider, clock):
    browser = come_in(council, provider, "view")
    page = browser.send(browser.get("/staff/rota/mine"), "/staff/rota/feeds", of="whole")
    clock.at += timedelta(days=30)
    answer = council.test_client().get(re.search(r"/calendars/[\w-]{43}\.ics", page.text)[0])

    assert "If you do not sign in here for 30 days, it stops until you do." in page_text(page)
    assert "works again once they sign in" in answer.text
    assert "Priya" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_whoever_arranges_the_rota_sees_whose_each_calendar_is_and_which_are_suspended(
    council, provider, clock
):
    calendar(come_in(council, provider, "view"))
    clock.at += timedelta(days=30)
    provider.claims |= {"sub": "s-2", "name": "Amara Owusu"}
    colleague = page_text(come_in(council, provider, "view").get("/staff/rota/mine"))
    provider.claims |= {"sub": "s-3", "name": "Ben Hughes"}
    admin = page_text(come_in(council, provider, "admin").get("/staff/rota/mine"))

    assert "Priya Shah" not in colleague
    assert "by Priya Shah. Suspended until its owner signs in" in admin
