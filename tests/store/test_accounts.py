"""Accounts and sessions: who they are, what they may, when they are over."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from routing.errors import AccountError, SignInError
from routing.store import accounts, audit_log, rota_people, tables
from routing.store.accounts import LOCAL, Account, Role

PASSWORD = "correct horse battery"
ADMIN, DIVERT, VIEW = (frozenset({role}) for role in (Role.ADMIN, Role.DIVERT, Role.VIEW))
ISSUER = "https://login.anyshire.example"
SECOND = timedelta(seconds=1)


@pytest.fixture
def priya(write, now):
    return write(accounts.add, "Priya Shah", DIVERT, PASSWORD, now, "terminal:0")


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
        return read(accounts.find_by_session, token, at, issuer)

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
    (left,) = read(accounts.all_accounts)
    assert (left.name, left.roles) == ("Former account 1", frozenset())
    assert "priya" not in repr(read(sa.Connection.execute, tables.accounts.select()).all()).lower()
    again = write(accounts.add, "Priya Shah", DIVERT, PASSWORD, now, "terminal:0")
    assert again.id != priya.id


def test_the_record_tells_of_accounts_by_number_never_by_name(write, read, priya, now):
    write(accounts.set_password, priya, "another long one", now, "terminal:0")
    write(accounts.remove, priya, now, "terminal:0")
    entries = read(audit_log.newest, 9)

    assert [(entry.action, entry.entity) for entry in entries] == [
        ("account.removed", "account:1"),
        ("account.password_changed", "account:1"),
        ("account.added", "account:1"),
    ]
    assert "riya" not in repr(entries)


def test_a_session_lasts_twelve_hours_and_is_kept_by_the_hash_of_its_token(
    write, read, priya, session_account, now
):
    token, end = write(accounts.start_session, priya, now), now + timedelta(hours=12)

    assert session_account(token) == priya
    assert session_account(token, end - SECOND) == priya
    assert session_account(token, end) is None
    assert token not in repr(read(sa.Connection.execute, tables.sessions.select()).all())


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
    token = write(accounts.create_password_link, priya, now, "terminal:0")
    write(accounts.set_roles, priya, frozenset({Role.ROTA}), now, "terminal:0")

    assert read(accounts.find_by_password_link, token, now) == replace(
        priya, roles=frozenset({Role.ROTA})
    )


def test_a_link_ends_with_the_role_of_whoever_made_and_saw_it(write, read, priya, council, now):
    admin = council(ADMIN)
    token = write(accounts.create_password_link, priya, now, admin.actor)
    write(accounts.revoke_roles, ISSUER, "s1", now)

    assert read(accounts.find_by_password_link, token, now) is None


def test_one_whom_the_provider_refuses_has_no_role_session_or_calendar_left(
    write, read, council, access, now
):
    tom, other = council(ADMIN), council(ADMIN, subject="s2")
    works, others = access(tom), access(other)
    write(accounts.revoke_roles, ISSUER, "s1", now)
    roles = {person.id: person.roles for person in read(accounts.active_accounts)}

    assert works() == (False, False)
    assert others() == (True, True)
    assert roles == {tom.id: frozenset(), other.id: ADMIN}


def test_one_who_never_had_a_role_gets_no_account_by_being_refused(write, read, now):
    write(accounts.revoke_roles, ISSUER, "s1", now)

    assert read(accounts.all_accounts) == []


def test_a_session_of_another_issuer_than_the_one_in_use_has_ended(
    write, priya, council, session_account, now
):
    local = write(accounts.start_session, priya, now)
    provided = write(accounts.start_session, council(DIVERT), now)

    assert session_account(local, issuer=ISSUER) is None
    assert session_account(provided) is None
    assert session_account(provided, issuer=f"{ISSUER}/other") is None


def test_another_password_ends_the_old_one_sessions_and_calendars(write, read, priya, access, now):
    works = access(priya)
    write(accounts.set_password, priya, "another long one", now, "terminal:0")
    stored = read(accounts.find_local, "priya shah").password_hash

    assert works() == (False, False)
    assert accounts.verify_password("another long one", stored)
    assert not accounts.verify_password(PASSWORD, stored)


def test_signing_out_everywhere_is_recorded_and_ends_nobody_elses_access(
    write, read, priya, council, access, now
):
    works, others = access(priya), access(council(DIVERT))
    write(accounts.sign_out, priya, now, priya.actor)
    entries = read(audit_log.newest, 2)

    assert works() == (False, False)
    assert others() == (True, True)
    assert [(entry.actor, entry.action, entry.entity) for entry in entries] == [
        (priya.actor, "calendar.revoked", "calendar:1"),
        (priya.actor, "account.signed_out", "account:1"),
    ]


@pytest.mark.parametrize("wanted", ["tom", " TOM ", "1", " 1"])
def test_a_council_account_is_removed_by_name_or_by_number(
    write, read, council, access, now, wanted
):
    works = access(council(ADMIN))
    removed = read(accounts.get, wanted)
    write(accounts.remove, removed, now, "terminal:0")

    assert read(accounts.active_accounts) == []
    assert (removed.id, removed.name, removed.issuer) == (1, "Tom", ISSUER)
    assert works() == (False, False)


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
    assert [account.name for account in read(accounts.all_accounts)] == ["Thomas", "Tom"]


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


@pytest.mark.parametrize(
    ("has", "may"),
    [
        ([], []),
        (["view"], ["view"]),
        (["rota"], ["view", "rota"]),
        (["divert"], ["view", "divert"]),
        (["admin"], ["view", "rota", "divert", "admin"]),
    ],
)
def test_a_role_lets_one_look_and_do_its_own_and_admin_all(has, may):
    person = Account(1, "local", "x", "X", frozenset(map(Role, has)))

    assert [role.value for role in Role if person.may(role)] == may


def test_only_words_that_are_roles_count():
    assert accounts.parse_roles(["Divert", "owner", 7, None, "VIEW"]) == {Role.DIVERT, Role.VIEW}
