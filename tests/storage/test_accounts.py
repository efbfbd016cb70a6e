"""Accounts and sessions: who they are, what they may, when they are over."""

from datetime import timedelta

import pytest

from routing.errors import AccountRefused, SignInRefused
from routing.storage import accounts, changes, passwords, sessions
from routing.storage.accounts import Person, Role

PASSWORD = "correct horse battery"
DIVERT = frozenset({Role.DIVERT})
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
                passwords.attempt(connection, name, at)
                found = accounts.named(connection, name)
            if not passwords.is_right(password, found[1] if found else None):
                return "wrong"
            with database.writing() as connection:
                passwords.forget(connection, name)
        except SignInRefused as error:
            return str(error)

    return attempt


def test_a_name_is_the_same_in_capitals_and_with_blanks(database, priya):
    with database.reading() as connection:
        assert accounts.named(connection, "  PRIYA shah ")[0] == priya
        assert accounts.named(connection, "Priya") is None


def test_a_name_that_is_taken_is_refused(database, priya, now):
    with pytest.raises(AccountRefused, match="already"), database.writing() as connection:
        accounts.add(connection, "priya shah", DIVERT, PASSWORD, now, "terminal:0")


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\nb", "a\x00b"])
def test_a_name_that_cannot_be_shown_is_refused(database, now, name):
    with pytest.raises(AccountRefused), database.writing() as connection:
        accounts.add(connection, name, DIVERT, PASSWORD, now, "terminal:0")


@pytest.mark.parametrize(("length", "good"), [(11, False), (12, True), (256, True), (257, False)])
def test_a_password_has_twelve_characters_at_least(length, good):
    password = ("kestrel pylon marmalade " * 11)[:length]
    if good:
        assert passwords.is_right(password, passwords.hashed(password))
    else:
        with pytest.raises(AccountRefused, match="at least 12"):
            passwords.hashed(password)


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
    with pytest.raises(AccountRefused, match="among the first that anybody would guess"):
        passwords.hashed(password, "Priya Shah")


@pytest.mark.parametrize("password", [PASSWORD, "another long one", "kestrel pylon marmalade"])
def test_a_password_of_a_few_words_is_taken(password):
    assert passwords.is_right(password, passwords.hashed(password, "Priya Shah"))


def test_a_password_is_kept_by_scrypt_with_a_salt():
    one, two = passwords.hashed(PASSWORD), passwords.hashed(PASSWORD)

    assert one.startswith("scrypt:32768:8:1$")
    assert one != two
    assert PASSWORD not in one


def test_nobody_has_the_password_of_nobody():
    assert not passwords.is_right("no account has this password", None)


def test_one_who_is_removed_is_signed_out_and_keeps_no_name(database, priya, now):
    with database.writing() as connection:
        token = sessions.start(connection, priya, now)
        accounts.remove(connection, "priya shah", now, "terminal:0")
    with database.reading() as connection:
        assert sessions.whose(connection, token, now) is None
        assert accounts.named(connection, "priya shah") is None
        (left,) = accounts.everyone(connection)
        kept = connection.exec_driver_sql("SELECT * FROM people").all()
    assert (left.name, left.roles) == ("Former account 1", frozenset())
    assert "priya" not in repr(kept).lower()


def test_the_name_of_one_who_was_removed_may_be_given_again_to_another_person(database, priya, now):
    with database.writing() as connection:
        accounts.remove(connection, "priya shah", now, "terminal:0")
        again = accounts.add(connection, "Priya Shah", DIVERT, PASSWORD, now, "terminal:0")

    assert again.id != priya.id


def test_another_password_ends_every_session_and_the_old_one(database, priya, attempt, now):
    with database.writing() as connection:
        token = sessions.start(connection, priya, now)
        accounts.give_password(connection, "Priya Shah", "another long one", now, "terminal:0")
    with database.reading() as connection:
        assert sessions.whose(connection, token, now) is None

    assert attempt("priya shah", PASSWORD, now) == "wrong"
    assert attempt("priya shah", "another long one", now) is None


def test_the_record_tells_of_accounts_by_number_never_by_name(database, priya, now):
    with database.writing() as connection:
        accounts.give_password(connection, "Priya Shah", "another long one", now, "terminal:0")
        accounts.remove(connection, "Priya Shah", now, "terminal:0")
    with database.reading() as connection:
        told = changes.newest(connection, 9)

    assert [each.action for each in told] == ["person.removed", "person.password", "person.added"]
    assert {each.entity for each in told} == {"person:1"}
    assert "riya" not in repr(told)


def test_a_session_lasts_twelve_hours_to_the_second(database, priya, now):
    with database.writing() as connection:
        token = sessions.start(connection, priya, now)
    with database.reading() as connection:
        assert sessions.whose(connection, token, now) == priya
        assert sessions.whose(connection, token, now + timedelta(hours=12) - SECOND) == priya
        assert sessions.whose(connection, token, now + timedelta(hours=12)) is None


def test_signing_out_ends_one_session_and_everywhere_ends_all(database, priya, now):
    with database.writing() as connection:
        one, two, three = (sessions.start(connection, priya, now) for _ in range(3))
        sessions.end(connection, one)
        assert sessions.whose(connection, one, now) is None
        assert sessions.whose(connection, two, now) == priya
        sessions.end_all(connection, priya)
        assert sessions.whose(connection, two, now) is None
        assert sessions.whose(connection, three, now) is None


def test_a_session_is_kept_by_the_hash_of_its_token(database, priya, now):
    with database.writing() as connection:
        token = sessions.start(connection, priya, now)
    with database.reading() as connection:
        kept = connection.exec_driver_sql("SELECT * FROM sessions").all()

    assert token not in repr(kept)


def test_a_session_keeps_the_roles_with_which_it_began(database, now):
    issuer = "https://login.example"
    with database.writing() as connection:
        person = accounts.came_in(connection, issuer, "s1", "Tom", DIVERT, now)
        token = sessions.start(connection, person, now)
        less = accounts.came_in(connection, issuer, "s1", "Tom", frozenset({Role.VIEW}), now)
    with database.reading() as connection:
        assert sessions.whose(connection, token, now).roles == DIVERT
    assert less.id == person.id


def test_people_are_known_by_issuer_and_subject_never_by_name(database, now):
    with database.writing() as connection:
        one = accounts.came_in(connection, "https://a.example", "s", "Tom", DIVERT, now)
        two = accounts.came_in(connection, "https://b.example", "s", "Tom", DIVERT, now)
        same = accounts.came_in(connection, "https://a.example", "s", "Thomas", DIVERT, now)

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
        if (said := attempt("priya shah", "wrong", at)) != "wrong":
            at += timedelta(minutes=1)
    assert "15 minutes" in said or "minute" in said
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
    person = Person(1, "local", "x", "X", frozenset(map(Role, has)))

    assert [role.value for role in Role if person.may(role)] == may


def test_only_words_that_are_roles_count():
    assert accounts.roles(["Divert", "owner", 7, None, "VIEW"]) == {Role.DIVERT, Role.VIEW}
