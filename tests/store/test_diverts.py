"""Diverts as staff set them: all or none, newest last, each with its record."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from routing.core.instants import Span
from routing.errors import UnknownDivert
from routing.store import audit_log, diverts
from routing.store.diverts import NewDivert

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def wanted(now, line="eds", start=timedelta(0), length=HOUR):
    during = Span(now + start, now + start + length)
    return NewDivert("children", line, during, "the phones are down")


@pytest.fixture
def put(write, now):
    def put(*new_diverts, at=now, once=""):
        return write(diverts.create, new_diverts or [wanted(now)], at, "account:1", once)

    return put


@pytest.fixture
def move(write):
    return lambda divert, end, at: write(diverts.move_end, divert.id, end, at, "account:2")


@pytest.fixture
def unended(read):
    return lambda at: read(diverts.current_and_future, at)


@pytest.fixture
def record(read):
    return lambda: read(audit_log.newest, 100)[::-1]


def test_a_divert_is_read_as_it_was_set(put, unended, now):
    (stored,) = put()

    assert unended(now) == (stored,)
    assert (stored.service, stored.line, stored.note) == ("children", "eds", "the phones are down")
    assert stored.during == Span(now, now + HOUR)
    assert (stored.set_at, stored.set_by) == (now, "account:1")


def test_it_is_read_until_its_end_and_not_at_it(put, unended, now):
    put()

    assert len(unended(now + HOUR - SECOND)) == 1
    assert unended(now + HOUR) == ()
    assert unended(now + HOUR + SECOND) == ()


def test_a_divert_set_now_is_in_force_now_whatever_the_microsecond(put, now):
    (stored,) = put(wanted(now + timedelta(microseconds=700_000)))

    assert now in stored.during


def test_the_one_set_last_is_newest_whatever_the_clock_of_its_machine(put, unended, now):
    put(wanted(now, "first"), at=now)
    put(wanted(now, "second"), at=now - timedelta(minutes=5))
    put(wanted(now, "third"), at=now)

    stored = unended(now)
    assert [divert.line for divert in stored] == ["first", "second", "third"]
    assert sorted(stored, key=lambda divert: divert.set_at) == list(stored)
    assert len({divert.set_at for divert in stored}) == 3


def test_a_form_sent_twice_sets_its_diverts_once(put, unended, now):
    first = put(wanted(now), wanted(now, "mash"), once="abc_")
    again = put(wanted(now), wanted(now, "mash"), once="abc_")
    other = put(wanted(now), once="abcd")
    like = put(wanted(now), once="ab__")

    assert first == again
    assert list(unended(now)) == [*first, *other, *like]


def test_several_are_set_all_or_none(put, unended, now, record):
    backwards = NewDivert("children", "eds", Span(now + HOUR, now), "never")
    with pytest.raises(Exception, match="ends_after_it_starts"):
        put(wanted(now), backwards)

    assert unended(now) == ()
    assert record() == []


def test_another_end_is_kept_and_the_old_one_recorded(put, move, unended, record, now):
    (stored,) = put()
    moved = move(stored, now + 3 * HOUR, at=now + SECOND)

    assert unended(now) == (moved,)
    assert moved.during == Span(now, now + 3 * HOUR)
    last = record()[-1]
    assert (last.action, last.actor, last.entity) == ("divert.changed", "account:2", "divert:1")
    assert last.before["to"] == (now + HOUR).isoformat()
    assert last.after["to"] == (now + 3 * HOUR).isoformat()


def test_one_that_is_ended_is_over_at_that_instant(put, move, now, record):
    (stored,) = put()
    ended = move(stored, now + SECOND, at=now + SECOND)

    assert now in ended.during
    assert now + SECOND not in ended.during
    assert record()[-1].action == "divert.ended"


def test_one_that_is_ended_before_it_begins_is_never_in_force(put, move, unended, now):
    (stored,) = put(wanted(now, start=HOUR))
    ended = move(stored, now, at=now)

    assert ended.during.start == ended.during.end
    assert unended(ended.during.start) == ()


def test_one_that_has_ended_stays_as_it_was_and_nothing_is_recorded(put, move, record, now):
    (stored,) = put()

    assert move(stored, now + 5 * HOUR, at=now + HOUR) == stored
    assert len(record()) == 1


def test_one_that_there_is_not_is_told(put, move, now):
    (stored,) = put()
    with pytest.raises(UnknownDivert, match="There is no divert 99"):
        move(replace(stored, id=99), now, at=now)


def test_the_record_has_who_what_and_when_but_no_note(put, record, now):
    put()
    (entry,) = record()

    assert (entry.at, entry.actor, entry.action) == (now, "account:1", "divert.set")
    assert entry.before is None
    assert entry.after == {
        "service": "children",
        "line": "eds",
        "from": now.isoformat(),
        "to": (now + HOUR).isoformat(),
    }


def test_those_in_force_in_a_period_are_found_by_its_edges(put, read, now):
    (stored,) = put()

    def overlapping(start, end):
        return read(diverts.overlapping, now + start, now + end)

    assert overlapping(-HOUR, timedelta(0)) == ()
    assert overlapping(-HOUR, SECOND) == (stored,)
    assert overlapping(HOUR - SECOND, 2 * HOUR) == (stored,)
    assert overlapping(HOUR, 2 * HOUR) == ()


def test_the_last_that_have_ended_are_told_newest_last(put, read, now):
    put(wanted(now), wanted(now, "mash"), wanted(now, "later", start=2 * HOUR))

    for limit, lines in ((9, ["eds", "mash"]), (1, ["mash"])):
        ended = read(diverts.recently_ended, now + HOUR, limit)
        assert [divert.line for divert in ended] == lines


def test_those_who_divert_at_once_all_do_and_one_is_the_newest(put, unended, record, now):
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda line: put(wanted(now, line)), ["a", "b", "c"]))

    stored = unended(now)
    assert len({divert.set_at for divert in stored}) == 3
    assert sorted(stored, key=lambda divert: divert.set_at) == list(stored)
    assert [row.entity for row in record()] == [f"divert:{row.id}" for row in stored]
