"""Accounts and sessions: who they are, what they may, when they are over."""

from datetime import timedelta

import pytest

from routing.errors import AccountError, SignInError
from routing.store import accounts, audit_log, calendars, passwords, tables
from routing.store.accounts import LOCAL, Account, Role

PASSWORD = "correct horse battery"
ADMIN, DIVERT, VIEW = (frozenset({role}) for role in (Role.ADMIN, Role.DIVERT, Role.VIEW))
ISSUER = "https://login.anyshire.example"
SECOND = timedelta(seconds=1)


@pytest.fixture
def priya(database, now):
    with database.writing() as connection:
        return accounts.add(connection, "Priya Shah", DIVERT, PASSWORD, now, "terminal:0")


@pytest.fixture
def attempt(database):
    """Try a password; return None when it was right, else what was said."""

    def attempt(name, password, at):
        try:
            with database.writing() as connection:
                passwords.check_rate_limit(connection, name, at)
                account = accounts.find_local(connection, name)
            if not passwords.verify_password(password, account[1] if account else None):
                return "wrong"
            with database.writing() as connection:
                passwords.clear_failures(connection, name)
        except SignInError as error:
            return str(error)

    return attempt


def test_a_name_is_the_same_in_capitals_and_with_blanks(database, priya):
    with database.reading() as connection:
        assert accounts.find_local(connection, "  PRIYA shah ")[0] == priya
        assert accounts.find_local(connection, "Priya") is None


def test_a_name_that_is_taken_is_refused(database, priya, now):
    with pytest.raises(AccountError, match="already"), database.writing() as connection:
        accounts.add(connection, "priya shah", DIVERT, PASSWORD, now, "terminal:0")


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\nb", "a\x00b"])
def test_a_name_that_cannot_be_shown_is_refused(database, now, name):
    with pytest.raises(AccountError), database.writing() as connection:
        accounts.add(connection, name, DIVERT, PASSWORD, now, "terminal:0")


@pytest.mark.parametrize(("length", "good"), [(11, False), (12, True), (256, True), (257, False)])
def test_a_password_has_twelve_characters_at_least(length, good):
    password = ("kestrel pylon marmalade " * 11)[:length]
    if good:
        assert passwords.verify_password(password, passwords.hash_password(password))
    else:
        with pytest.raises(AccountError, match="at least 12"):
            passwords.hash_password(password)


@pytest.mark.parametrize(
    "password",
    [
        " " * 12,
        "            a",
        "x" * 256,
        "passwordpassword",
        "password1234",
        "123456789012",
        "qwertyuiop12",
        "q1w2e3r4t5y6",
        "iloveyou1234",
        "administrator",
        "PRIYA SHAH 1",
    ],
)
def test_a_password_that_anybody_would_guess_first_is_refused(password):
    with pytest.raises(AccountError, match="among the first that anybody would guess"):
        passwords.hash_password(password, "Priya Shah")


@pytest.mark.parametrize("password", [PASSWORD, "another long one", "kestrel pylon marmalade"])
def test_a_password_of_a_few_words_is_taken(password):
    assert passwords.verify_password(password, passwords.hash_password(password, "Priya Shah"))


def test_a_password_is_kept_by_scrypt_with_a_salt():
    one, two = passwords.hash_password(PASSWORD), passwords.hash_password(PASSWORD)

    assert one.startswith("scrypt:32768:8:1$")
    assert one != two
    assert PASSWORD not in one


def test_nobody_has_the_password_of_nobody():
    assert not passwords.verify_password("no account has this password", None)


def test_one_who_is_removed_is_signed_out_and_keeps_no_name(database, priya, now):
    with database.writing() as connection:
        token = accounts.start_session(connection, priya, now)
        accounts.remove(connection, "priya shah", now, "terminal:0")
    with database.reading() as connection:
        assert accounts.find_by_session(connection, token, now, LOCAL) is None
        assert accounts.find_local(connection, "priya shah") is None
        (left,) = accounts.all_accounts(connection)
        kept = connection.exec_driver_sql("SELECT * FROM accounts").all()
    assert (left.name, left.roles) == ("Former account 1", frozenset())
    assert "priya" not in repr(kept).lower()


def test_the_name_of_one_who_was_removed_may_be_given_again_to_another_person(database, priya, now):
    with database.writing() as connection:
        accounts.remove(connection, "priya shah", now, "terminal:0")
        again = accounts.add(connection, "Priya Shah", DIVERT, PASSWORD, now, "terminal:0")

    assert again.id != priya.id


def test_another_password_ends_every_session_and_the_old_one(database, priya, attempt, now):
    with database.writing() as connection:
        token = accounts.start_session(connection, priya, now)
        accounts.set_password(connection, "Priya Shah", "another long one", now, "terminal:0")
    with database.reading() as connection:
        assert accounts.find_by_session(connection, token, now, LOCAL) is None

    assert attempt("priya shah", PASSWORD, now) == "wrong"
    assert attempt("priya shah", "another long one", now) is None


def test_the_record_tells_of_accounts_by_number_never_by_name(database, priya, now):
    with database.writing() as connection:
        accounts.set_password(connection, "Priya Shah", "another long one", now, "terminal:0")
        accounts.remove(connection, "Priya Shah", now, "terminal:0")
    with database.reading() as connection:
        entries = audit_log.newest(connection, 9)

    assert [entry.action for entry in entries] == [
        "account.removed",
        "account.password_changed",
        "account.added",
    ]
    assert {entry.entity for entry in entries} == {"account:1"}
    assert "riya" not in repr(entries)


def test_a_session_lasts_twelve_hours_to_the_second(database, priya, now):
    with database.writing() as connection:
        token = accounts.start_session(connection, priya, now)
    with database.reading() as connection:
        assert accounts.find_by_session(connection, token, now, LOCAL) == priya
        assert (
            accounts.find_by_session(connection, token, now + timedelta(hours=12) - SECOND, LOCAL)
            == priya
        )
        assert accounts.find_by_session(connection, token, now + timedelta(hours=12), LOCAL) is None


def test_signing_out_ends_one_session_and_everywhere_ends_all(database, priya, now):
    with database.writing() as connection:
        one, two, three = (accounts.start_session(connection, priya, now) for _ in range(3))
        accounts.end_session(connection, one)
        assert accounts.find_by_session(connection, one, now, LOCAL) is None
        assert accounts.find_by_session(connection, two, now, LOCAL) == priya
        accounts.end_access(connection, priya.id, now, priya.actor)
        assert accounts.find_by_session(connection, two, now, LOCAL) is None
        assert accounts.find_by_session(connection, three, now, LOCAL) is None


def test_a_session_is_kept_by_the_hash_of_its_token(database, priya, now):
    with database.writing() as connection:
        token = accounts.start_session(connection, priya, now)
    with database.reading() as connection:
        kept = connection.exec_driver_sql("SELECT * FROM sessions").all()

    assert token not in repr(kept)


@pytest.fixture
def council(database, now):
    """Sign somebody in with the council's provider, with some roles; return their account."""

    def council(roles, subject="s1", name="Tom"):
        with database.writing() as connection:
            return accounts.upsert_sso_account(connection, ISSUER, subject, name, roles, now)

    return council


@pytest.fixture
def access(database, now):
    """Give an account a session and a calendar; return what asks whether each still works."""

    def access(person):
        with database.writing() as connection:
            token = accounts.start_session(connection, person, now)
            secret = calendars.create(connection, None, None, person.id, now, person.actor)

        def works():
            with database.reading() as connection:
                session = accounts.find_by_session(connection, token, now, person.issuer)
                return session is not None, calendars.find_by_token(connection, secret) is not None

        assert works() == (True, True)
        return works

    return access


@pytest.mark.parametrize(
    ("session", "account", "in_force"),
    [
        ({"admin"}, {"admin"}, {"admin"}),
        ({"admin"}, {"view"}, {"view"}),
        ({"admin"}, {"divert", "rota"}, {"divert", "rota"}),
        ({"view"}, {"admin"}, {"view"}),
        ({"divert"}, {"rota"}, {"view"}),
        ({"divert", "view"}, {"divert", "view"}, {"divert", "view"}),
        ({"admin"}, set(), set()),
    ],
)
def test_the_roles_in_force_are_those_that_session_and_account_both_allow(
    database, now, session, account, in_force
):
    with database.writing() as connection:
        person = accounts.upsert_sso_account(
            connection, ISSUER, "s1", "Tom", accounts.parse_roles(session), now
        )
        token = accounts.start_session(connection, person, now)
        changed = tables.accounts.update().values(roles=" ".join(account))
        connection.execute(changed)
        assert accounts.find_by_session(
            connection, token, now, ISSUER
        ).roles == accounts.parse_roles(in_force)


@pytest.mark.parametrize(
    ("before", "after"),
    [(ADMIN, VIEW), (VIEW, VIEW | DIVERT), (DIVERT, frozenset({Role.ROTA}))],
    ids=["fewer", "more", "others"],
)
def test_a_sign_in_with_changed_roles_ends_the_other_sessions_and_calendars(
    council, access, before, after
):
    works = access(council(before))
    council(after)

    assert works() == (False, False)


def test_other_roles_leave_a_link_for_a_new_password_good(database, priya, now):
    with database.writing() as connection:
        _, token = accounts.create_password_link(connection, priya.id, now, "terminal:0")
        accounts.set_roles(connection, priya.id, frozenset({Role.ROTA}), now, "terminal:0")
        assert accounts.find_by_password_link(connection, token, now) is not None


def test_a_sign_in_with_the_same_roles_ends_nothing(council, access):
    works = access(council(DIVERT))
    council(DIVERT, name="Thomas")

    assert works() == (True, True)


def test_one_whom_the_provider_refuses_has_no_role_session_or_calendar_left(
    database, council, access, now
):
    tom, other = council(ADMIN), council(ADMIN, subject="s2")
    works, others = access(tom), access(other)
    with database.writing() as connection:
        accounts.revoke_roles(connection, ISSUER, "s1", now)
        roles = {person.id: person.roles for person in accounts.active_accounts(connection)}

    assert works() == (False, False)
    assert others() == (True, True)
    assert roles == {tom.id: frozenset(), other.id: ADMIN}


def test_one_who_never_had_a_role_gets_no_account_by_being_refused(database, now):
    with database.writing() as connection:
        accounts.revoke_roles(connection, ISSUER, "s1", now)
        assert accounts.all_accounts(connection) == []


def test_a_session_of_another_issuer_than_the_one_in_use_has_ended(database, priya, council, now):
    tom = council(DIVERT)
    with database.writing() as connection:
        local, provided = (
            accounts.start_session(connection, person, now) for person in (priya, tom)
        )
        assert accounts.find_by_session(connection, local, now, ISSUER) is None
        assert accounts.find_by_session(connection, provided, now, LOCAL) is None
        assert accounts.find_by_session(connection, provided, now, f"{ISSUER}/other") is None


def test_another_password_ends_calendars_too(database, priya, access, now):
    works = access(priya)
    with database.writing() as connection:
        accounts.set_password(connection, "priya shah", "another long one", now, "terminal:0")

    assert works() == (False, False)


def test_ending_all_access_of_a_person_is_recorded_and_ends_nobody_elses(
    database, priya, council, access, now
):
    works, others = access(priya), access(council(DIVERT))
    with database.writing() as connection:
        accounts.end_access(connection, priya.id, now, priya.actor)
        (newest,) = audit_log.newest(connection, 1)

    assert works() == (False, False)
    assert others() == (True, True)
    assert (newest.actor, newest.action, newest.entity) == (
        priya.actor,
        "calendar.revoked",
        "calendar:1",
    )


@pytest.mark.parametrize("wanted", ["tom", " TOM ", "1", " 1"])
def test_a_council_account_is_removed_by_name_or_by_number(database, council, access, now, wanted):
    works = access(council(ADMIN))
    with database.writing() as connection:
        removed = accounts.remove(connection, wanted, now, "terminal:0")
        assert accounts.active_accounts(connection) == []

    assert (removed.id, removed.name, removed.issuer) == (1, "Tom", ISSUER)
    assert works() == (False, False)


def test_a_name_of_two_accounts_removes_neither_and_says_their_numbers(database, council, now):
    one, two = council(VIEW, subject="s1"), council(VIEW, subject="s2")
    refused = pytest.raises(AccountError, match="There are 2 accounts 'Tom': 1, 2")
    with refused, database.writing() as connection:
        accounts.remove(connection, "Tom", now, "terminal:0")
    with database.writing() as connection:
        accounts.remove(connection, str(two.id), now, "terminal:0")
        assert [person.id for person in accounts.active_accounts(connection)] == [one.id]


@pytest.mark.parametrize("wanted", ["", "nobody", "7", "-1", "٣"])
def test_an_unknown_account_cannot_be_removed(database, council, now, wanted):
    council(VIEW)
    refused = pytest.raises(AccountError, match="There is no account")
    with refused, database.writing() as connection:
        accounts.remove(connection, wanted, now, "terminal:0")


def test_people_are_known_by_issuer_and_subject_never_by_name(database, now):
    with database.writing() as connection:
        one = accounts.upsert_sso_account(connection, "https://a.example", "s", "Tom", DIVERT, now)
        two = accounts.upsert_sso_account(connection, "https://b.example", "s", "Tom", DIVERT, now)
        same = accounts.upsert_sso_account(
            connection, "https://a.example", "s", "Thomas", DIVERT, now
        )

    assert one.id == same.id != two.id


def test_five_wrong_passwords_are_free_and_then_each_makes_one_wait_longer(attempt, priya, now):
    for _ in range(5):
        assert attempt("priya shah", "wrong", now) == "wrong"
    assert "Wait 3 seconds" in attempt("priya shah", PASSWORD, now)
    assert "Wait" in attempt("priya shah", PASSWORD, now + SECOND)
    assert attempt("priya shah", "wrong", now + 2 * SECOND) == "wrong"
    assert "Wait 5 seconds" in attempt("priya shah", PASSWORD, now + 2 * SECOND)
    assert attempt("priya shah", PASSWORD, now + 6 * SECOND) is None
    assert attempt("priya shah", "wrong", now + 6 * SECOND) == "wrong"


def test_nobody_waits_longer_than_a_quarter_of_an_hour_and_all_is_forgotten_after_an_hour(
    attempt, priya, now
):
    at = now
    for _ in range(40):
        if (answer := attempt("priya shah", "wrong", at)) != "wrong":
            at += timedelta(minutes=1)
    assert "15 minutes" in answer or "minute" in answer
    assert attempt("priya shah", PASSWORD, at + timedelta(minutes=16)) is None


def test_a_name_that_nobody_has_waits_just_the_same(attempt, now):
    for _ in range(5):
        assert attempt("nobody", "wrong", now) == "wrong"

    assert "Wait 3 seconds" in attempt("nobody", "wrong", now)


def test_another_name_does_not_wait(attempt, priya, now):
    for _ in range(6):
        attempt("somebody", "wrong", now)

    assert attempt("priya shah", PASSWORD, now) is None


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
