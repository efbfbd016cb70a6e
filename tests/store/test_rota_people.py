"""People on the rota: one of each name, forgotten in time; and calendars that die with them."""

from datetime import timedelta

import pytest

from routing.core.instants import Span
from routing.errors import InvalidRotaChange, UnknownShift
from routing.rota.roster import NewCover, NewShift
from routing.store import accounts, audit_log, calendars, retention, rota, rota_people
from routing.store.accounts import LOCAL, Role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def write(database, now):
    def write(do, *given):
        with database.writing() as connection:
            return do(connection, *given, now, "account:1")

    return write


@pytest.fixture
def amara(write):
    return write(rota_people.add, "Amara Owusu", "07700 900123")


@pytest.fixture
def account(database, now):
    with database.writing() as connection:
        roles = frozenset([Role.VIEW])
        row = accounts.add(connection, "amara", roles, "correct horse", now, "terminal:0")
        accounts.start_session(connection, row, now)
        return row.id


def everyone(database):
    with database.reading() as connection:
        return rota_people.all_people(connection)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "x" * 101,
        "=cmd()",
        "+44",
        "-1",
        "@x",
        "a\nb\x07",
        "Owusu, Amara",
        "Former worker 3",
    ],
)
def test_a_name_that_cannot_be_one_is_refused(write, name):
    with pytest.raises(InvalidRotaChange):
        write(rota_people.add, name, None)


@pytest.mark.parametrize("name", ["Siân O’Brien", "Llŷr ap Rhys", "Nguyễn Thị Ánh", "李 Wei", "X"])
def test_names_are_kept_as_they_are_written(database, write, name):
    write(rota_people.add, f"  {name} ", None)

    assert [person.name for person in everyone(database)] == [name]


def test_two_people_on_the_rota_have_two_names(write, amara):
    with pytest.raises(InvalidRotaChange, match="already"):
        write(rota_people.add, "amara  OWUSU", None)


@pytest.mark.parametrize("again", ["Siân O'Brien", "Sia\N{COMBINING CIRCUMFLEX ACCENT}n O’Brien"])
def test_one_name_written_in_two_ways_is_one_person(database, write, again):
    write(rota_people.add, "Siân O’Brien", None)
    with pytest.raises(InvalidRotaChange, match="already"):
        write(rota_people.add, again, None)
    with database.reading() as connection:
        assert len(rota_people.all_people(connection)) == 1


def test_the_name_of_one_who_left_is_free_again(database, write, amara):
    write(rota_people.leave, amara.id)
    write(rota_people.add, "Amara Owusu", None)

    assert [person.left_at is None for person in everyone(database)] == [False, True]


def test_the_record_says_that_a_phone_was_changed_and_never_what_it_was(database, write, amara):
    write(rota_people.change, amara.id, "Amara Owusu", "07700 900456", None)
    with database.reading() as connection:
        entries = audit_log.newest(connection, 9)

    assert entries[0].after == {"phone": "changed"}
    assert "900" not in repr(entries)
    assert "Amara" not in repr(entries)


def test_a_change_that_changes_nothing_is_not_recorded(database, write, amara):
    write(rota_people.change, amara.id, "Amara Owusu", "07700 900123", None)
    with database.reading() as connection:
        assert [entry.action for entry in audit_log.newest(connection, 9)] == ["rota_person.added"]


def test_two_people_have_two_accounts(database, write, amara, account):
    write(rota_people.change, amara.id, "Amara Owusu", None, account)
    other = write(rota_people.add, "Ben Hughes", None)
    with pytest.raises(InvalidRotaChange, match="account"):
        write(rota_people.change, other.id, "Ben Hughes", None, account)
    with database.reading() as connection:
        assert rota_people.find_by_account(connection, account).name == "Amara Owusu"
        assert rota_people.find_by_account(connection, 99) is None


def test_one_who_left_is_not_found_any_more(database, write, amara):
    write(rota_people.leave, amara.id)
    with database.reading() as connection, pytest.raises(UnknownShift):
        rota_people.get(connection, amara.id)


def test_a_feed_is_found_by_its_token_alone_and_only_its_hash_is_kept(
    database, write, amara, account, now
):
    token = write(calendars.create, amara.id, None, account)
    with database.reading() as connection:
        assert calendars.find_by_token(connection, token).rota_person_id == amara.id
        assert calendars.find_by_token(connection, token + "x") is None
        assert token not in repr(connection.exec_driver_sql("SELECT * FROM calendars").all())
        assert token not in repr(audit_log.newest(connection, 9))


@pytest.mark.parametrize("end", ["revoked", "worker left", "account removed", "maker left"])
def test_a_feed_dies_when_it_is_revoked_or_its_owner_goes(
    database, write, amara, account, end, now
):
    of = None if end == "maker left" else amara.id
    write(rota_people.change, amara.id, "Amara Owusu", None, account)
    token = write(calendars.create, of, None, account)
    if end == "revoked":
        write(calendars.revoke, 1)
    elif end == "account removed":
        write(accounts.remove, "amara")
    else:
        write(rota_people.leave, amara.id)
    with database.reading() as connection:
        assert calendars.find_by_token(connection, token) is None
        assert calendars.unrevoked(connection) == []


@pytest.mark.parametrize(("issuer", "days"), [(LOCAL, 184), ("https://login.example", 30)])
def test_a_feed_is_suspended_until_its_owner_signs_in_again(database, write, now, issuer, days):
    """For half a year without a provider; with one for 30 days, since it tells nobody who left."""
    with database.writing() as connection:
        owner = accounts.upsert_sso_account(
            connection, issuer, "s1", "Amara", frozenset({Role.VIEW}), now
        )
        accounts.start_session(connection, owner, now)
    token, later = write(calendars.create, None, None, owner.id), now + timedelta(days=days)
    with database.writing() as connection:
        feed = calendars.find_by_token(connection, token)
        assert not feed.is_suspended(later - timedelta(seconds=1), issuer)
        assert feed.is_suspended(later, issuer)
        assert feed.is_suspended(later + timedelta(seconds=1), issuer)
        accounts.start_session(connection, owner, later)
        assert not calendars.find_by_token(connection, token).is_suspended(later, issuer)


def test_a_feed_is_suspended_while_its_owner_could_not_sign_in(database, write, account, now):
    token = write(calendars.create, None, None, account)
    with database.reading() as connection:
        feed = calendars.find_by_token(connection, token)

    assert not feed.is_suspended(now, LOCAL)
    assert feed.is_suspended(now, "https://login.example")


def test_a_feed_names_its_owner(database, write, account):
    write(calendars.create, None, None, account)
    with database.reading() as connection:
        assert [feed.owner for feed in calendars.unrevoked(connection)] == ["amara"]


def test_a_feed_is_revoked_once(write, account):
    write(calendars.create, None, "eds-social-worker", account)
    write(calendars.revoke, 1)
    with pytest.raises(UnknownShift):
        write(calendars.revoke, 1)


def test_the_use_of_a_feed_is_noted_once_an_hour(database, write, account, now):
    token = write(calendars.create, None, None, account)
    with database.writing() as connection:
        feed = calendars.find_by_token(connection, token)
        assert calendars.should_mark_polled(feed, now)
        calendars.mark_polled(connection, feed, now)
        feed = calendars.find_by_token(connection, token)

    assert not calendars.should_mark_polled(feed, now + HOUR - timedelta(seconds=1))
    assert calendars.should_mark_polled(feed, now + HOUR)


@pytest.fixture
def past(database, now, write, amara):
    """Shifts of two people: long ago, and lately; somebody covered one; one of them has left."""
    ben = write(rota_people.add, "Ben Hughes", None)
    with database.writing() as connection:
        for start in (-900 * DAY, -800 * DAY, -10 * DAY):
            for person in (amara, ben):
                during = Span(now + start, now + start + HOUR)
                new = NewShift("eds-social-worker", person.id, during)
                rota.add(connection, "added", [new], now, "account:1")
        during = Span(now - 900 * DAY, now - 900 * DAY + HOUR / 2)
        rota.add(connection, "covered", [NewCover(1, ben.id, during, "Sick")], now, "account:1")
        rota_people.leave(connection, ben.id, now - 731 * DAY, "account:1")
    return amara, ben


def is_overdue(connection, now):
    return retention.ROTA_RULE.is_overdue(connection, now - 730 * DAY)


def purge(database, now):
    with database.writing() as connection:
        assert is_overdue(connection, now)
        counts = rota_people.purge(connection, now - 730 * DAY, now, "terminal:0")
        assert not is_overdue(connection, now)
        return counts


def test_who_did_what_long_ago_is_forgotten_and_what_was_done_is_not(database, now, past):
    assert purge(database, now) == (1, 2)
    with database.reading() as connection:
        shifts, covers = rota.read(connection, now - 1000 * DAY, now)
        names = {person.id: person.name for person in rota_people.all_people(connection)}
    history = [(names[shift.person_id], (shift.during.start - now).days) for shift in shifts]

    assert [name for name, _ in history] == [
        "Former worker 3",
        "Former worker 2",
        "Former worker 3",
        "Former worker 2",
        "Amara Owusu",
        "Former worker 2",
    ]
    assert [days for _, days in history] == [-900, -900, -800, -800, -10, -10]
    assert len(covers) == 1


def test_what_is_forgotten_is_in_no_row_of_the_database(database, now, past):
    purge(database, now)
    with database.reading() as connection:
        for table in ("rota_people", "shifts", "covers", "audit_log", "rota_changes"):
            content = repr(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
            assert "Ben" not in content


def test_forgetting_again_forgets_nothing_more_and_keeps_one_name_for_one_person(
    database, now, past
):
    purge(database, now)
    with database.writing() as connection:
        assert rota_people.purge(connection, now - 730 * DAY, now, "terminal:0") == (0, 0)
        later = now + 725 * DAY
        assert rota_people.purge(connection, later - 730 * DAY, later, "terminal:0") == (0, 1)
        changes = [entry.after for entry in audit_log.newest(connection, 2)]
        shifts, _ = rota.read(connection, now - 1000 * DAY, now)
    assert changes == [{"people": 0, "shifts": 1}, {"people": 1, "shifts": 2}]
    assert {shift.person_id for shift in shifts} == {2, 3}


def test_somebody_who_only_covered_long_ago_is_overdue_too(database, now, write, amara):
    ben = write(rota_people.add, "Ben Hughes", None)
    during = Span(now - 900 * DAY, now - 900 * DAY + HOUR)
    with database.writing() as connection:
        shift = NewShift("eds-social-worker", amara.id, during)
        rota.add(connection, "added", [shift], now, "account:1")
    purge(database, now)
    with database.writing() as connection:
        cover = NewCover(1, ben.id, during, "Sick")
        rota.add(connection, "covered", [cover], now, "account:1")

    assert purge(database, now) == (0, 1)
