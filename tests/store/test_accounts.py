"""Accounts and sessions: who they are, what they may, when they are over."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from routing.errors import AccountError, SignInError
from routing.store import accounts, rota_people, tables
from routing.store.accounts import LOCAL, Role

PASSWORD = "correct horse battery"
ADMIN, DIVERT, VIEW = (frozenset({role}) for role in (Role.ADMIN, Role.DIVERT, Role.VIEW))
ISSUER = "https://login.anyshire.example"
SECOND = timedelta(seconds=1)


@pytest.fixture
def priya(write, now):
    return write(accounts.add, "Priya Shah", DIVERT, PASSWORD, now, "terminal:0")


def new_link(connection, account, at, actor="terminal:0"):
    return accounts.create_password_link(connection, account, at, actor)


@pytest.fixture
def attempt(write):
    """Sign in with a right or a wrong password; return what was said, None if nothing was."""

    def attempt(name, at, is_right=False):
        try:
            write(accounts.check_rate_limit, name, at)
        except SignInError as error:
            return str(error)
        return write(accounts.clear_failures, name) if is_right else "wrong"

    return attempt


@pytest.fixture
def session_account(read, now):
    """Return whose session a token is of."""

    def session_account(token, at=now, issuer=LOCAL):
        return read(accounts.find_by_token, accounts.SESSION, token, at, issuer)

    return session_account


def test_a_name_is_the_same_in_capitals_and_with_blanks(read, priya):
    assert read(accounts.find_local, "  PRIYA shah ") == priya
    assert read(accounts.find_local, "Priya") is None


@pytest.mark.parametrize("name", ["priya shah", "", "   ", "x" * 101, "a\nb", "a\x00b"])
def test_a_name_that_is_taken_or_cannot_be_shown_is_refused(write, priya, now, name):
    with pytest.raises(AccountError, match="already" if name == "priya shah" else "1 to 100"):
        write(accounts.add, name, DIVERT, PASSWORD, now, "terminal:0")


@pytest.mark.parametrize(("length", "good"), [(11, False), (12, True), (256, True), (257, False)])
def test_a_password_has_twelve_characters_at_least(length, good):
    password = ("moth kiln axe crumb " * 13)[:length]
    if good:
        assert accounts.verify_password(password, accounts.hash_password(password))
    else:
        with pytest.raises(AccountError, match="at least 12"):
            accounts.hash_password(password)


GUESSED_FIRST = [
    " " * 12, "            a", "x" * 256, "passwordpassword", "password1234", "123456789012",
    "qwertyuiop12", "q1w2e3r4t5y6", "iloveyou1234", "administrator", "PRIYA SHAH 1",
    "priyashah2026", "Liverpool2024", "Summer2026!!",
]  # fmt: skip


@pytest.mark.parametrize("password", GUESSED_FIRST)
def test_a_password_that_anybody_would_guess_first_is_refused(password):
    with pytest.raises(AccountError, match="among the first that anybody would guess"):
        accounts.hash_password(password, "Priya Shah")


def test_a_password_is_kept_by_scrypt_with_a_salt():
    one, two = accounts.hash_password(PASSWORD), accounts.hash_password(PASSWORD)

    assert one.startswith("scrypt:32768:8:1$")
    assert one != two
    assert PASSWORD not in one
    assert not accounts.verify_password("no account has this password", None)


def test_one_who_is_removed_is_signed_out_and_keeps_no_name_which_another_may_have(
    write, read, priya, session_account, now
):
    token = write(accounts.start_session, priya, now)
    write(accounts.remove, priya, now, "terminal:0")

    assert session_account(token) is None
    assert read(accounts.find_local, "priya shah") is None
    assert read(accounts.active_accounts) == []
    assert "priya" not in repr(read(sa.Connection.execute, tables.accounts.select()).all()).lower()
    again = write(accounts.add, "Priya Shah", DIVERT, PASSWORD, now, "terminal:0")
    assert again.id != priya.id


@pytest.mark.parametrize("kind", accounts.TOKEN_LIFETIMES)
def test_a_token_is_good_for_its_lifetime_and_kind_and_kept_by_its_hash(
    write, read, priya, now, kind
):
    session, link = write(accounts.start_session, priya, now), write(new_link, priya, now)
    token, other = (session, link) if kind == accounts.SESSION else (link, session)
    end = now + {"session": timedelta(hours=12), "reset link": timedelta(days=2)}[kind]

    def whose(token, at):
        return read(accounts.find_by_token, kind, token, at)

    assert [whose(token, at) for at in (now, end - SECOND, end)] == [priya, priya, None]
    assert whose(other, now) is None
    assert token not in repr(read(sa.Connection.execute, tables.tokens.select()).all())


@pytest.fixture
def council(write, now):
    """Sign somebody in with the council's provider, with some roles; return their account."""

    def council(roles, subject="s1", name="Tom", issuer=ISSUER):
        return write(accounts.upsert_sso_account, issuer, subject, name, roles, now)

    return council


@pytest.fixture
def access(write, read, session_account, now):
    """Give an account a session and a calendar; return what asks whether each still works."""

    def access(person):
        token = write(accounts.start_session, person, now)
        secret = write(rota_people.create_calendar, None, person.id, now, person.actor)

        def works():
            session = session_account(token, issuer=person.issuer)
            return session is not None, read(rota_people.find_calendar, secret) is not None

        assert works() == (True, True)
        return works

    return access


@pytest.mark.parametrize(
    ("before", "after", "lasts"),
    [
        (ADMIN, VIEW, False),
        (VIEW, VIEW | DIVERT, False),
        (DIVERT, frozenset({Role.ROTA}), False),
        (DIVERT, DIVERT, True),
    ],
    ids=["fewer", "more", "others", "the same"],
)
def test_a_sign_in_with_changed_roles_ends_the_other_sessions_and_calendars(
    council, access, before, after, lasts
):
    works = access(council(before))
    council(after, name="Thomas")

    assert works() == (lasts, lasts)


def test_other_roles_leave_a_link_for_a_new_password_good(write, read, priya, now):
    token = write(new_link, priya, now)
    write(accounts.set_roles, priya, frozenset({Role.ROTA}), now, "terminal:0")

    assert read(accounts.find_by_token, accounts.RESET_LINK, token, now) == replace(
        priya, roles=frozenset({Role.ROTA})
    )


def test_a_link_ends_with_the_role_of_whoever_made_and_saw_it(write, read, priya, council, now):
    admin = council(ADMIN)
    token = write(new_link, priya, now, admin.actor)
    council(frozenset())

    assert read(accounts.find_by_token, accounts.RESET_LINK, token, now) is None


def test_a_name_of_two_accounts_is_neither_and_their_numbers_are_wanted(read, council):
    one, two = council(VIEW, subject="s1"), council(VIEW, subject="s2")
    with pytest.raises(AccountError, match="There are 2 accounts 'Tom'"):
        read(accounts.get, "Tom")

    assert [read(accounts.get, str(person.id)) for person in (one, two)] == [one, two]


@pytest.mark.parametrize("wanted", ["", "nobody", "7", "-1", "٣"])
def test_an_unknown_account_is_refused(read, council, wanted):
    council(VIEW)
    with pytest.raises(AccountError, match="There is no account"):
        read(accounts.get, wanted)


def test_people_are_known_by_issuer_and_subject_and_their_name_is_the_latest(council, read):
    one, two = council(DIVERT), council(DIVERT, issuer="https://other.example")

    assert one.id == council(DIVERT, name="Thomas").id != two.id
    assert [account.name for account in read(accounts.active_accounts)] == ["Thomas", "Tom"]


def test_five_wrong_passwords_are_free_and_then_each_makes_that_name_wait_longer(attempt, now):
    for _ in range(5):
        assert attempt("priya shah", now) == "wrong"
    assert "Wait 3 seconds" in attempt("priya shah", now, is_right=True)
    assert attempt("another name", now, is_right=True) is None
    assert "Wait" in attempt("priya shah", now + SECOND, is_right=True)
    assert attempt("priya shah", now + 2 * SECOND) == "wrong"
    assert "Wait 5 seconds" in attempt("priya shah", now + 2 * SECOND, is_right=True)
    assert attempt("priya shah", now + 6 * SECOND, is_right=True) is None
    assert attempt("priya shah", now + 6 * SECOND) == "wrong"


def test_nobody_waits_longer_than_a_quarter_of_an_hour(attempt, now):
    at = now
    for _ in range(40):
        if (answer := attempt("priya shah", at)) != "wrong":
            at += timedelta(minutes=1)
    assert "minute" in answer
    assert attempt("priya shah", at + timedelta(minutes=16), is_right=True) is None
