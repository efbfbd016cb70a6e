"""What a person is told of: each kind, from the instant it is so, and again when it is so again."""

import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest
import rostered
from conftest import ANYSHIRE

from routing import lookup
from routing.alerts import due, messages
from routing.bank_holidays import govuk
from routing.core.instants import Span
from routing.store import calls, counters, diverts, rota
from routing.store.calls import CallStart, LegEnd, LegStart
from routing.store.diverts import NewDivert

MINUTE = timedelta(minutes=1)
GOOD = ANYSHIRE.read_text("utf-8")


@pytest.fixture
def app(make_app, made, tmp_path):
    """A service whose directory can be changed, on a Monday at noon, with fresh bank holidays."""
    (tmp_path / "directory.yaml").write_text(GOOD)
    (tmp_path / "instance").mkdir()
    shutil.copy(made, tmp_path / "instance" / made.name)
    return make_app(tmp_path / "directory.yaml")


@pytest.fixture
def told(app):
    """Return the alerts due now, or those of a kind, as a new process finds them."""

    def told(kind=None):
        app.extensions["sources"].facts = None
        with app.app_context(), lookup.database().reading() as connection:
            found = due.due(connection, lookup.now())
        return [each for each in found if kind in (None, each.kind)]

    return told


def keys(found):
    return [each.key for each in found]


@pytest.fixture
def write(app):
    def write(job, *arguments, **more):
        with app.app_context(), lookup.database().writing() as connection:
            return job(connection, *arguments, **more)

    return write


@pytest.fixture
def call(write, clock):
    """Write a call that two lines did not answer, and that ended after some seconds."""

    def call(seconds, over):
        begun = CallStart("children", "mash", "in_hours", clock.at)
        key = f"{seconds} {over}"
        write(calls.step, key, begun, leg=LegStart(1, "mash", clock.at))
        ended = LegEnd(1, "mash", "no_answer", clock.at + timedelta(seconds=seconds), None)
        write(calls.step, key, begun, ended=ended, outcome=over)

    return call


def test_a_call_that_nobody_answered_is_told_with_the_lines_that_rang(told, call):
    call(50, "unanswered")
    (found,) = told("call_unanswered")

    assert found.title == "A call that nobody answered: Worried about a child"
    assert found.text == (
        "Worried about a child: a call at midday on Monday 23 November was not answered. "
        "Multi-Agency Safeguarding Hub (MASH): no answer after 50 seconds."
    )


@pytest.mark.parametrize(
    ("seconds", "over", "count"),
    [(29, "abandoned", 0), (30, "abandoned", 1), (60, "answered", 0), (60, "unknown", 0)],
)
def test_who_hung_up_after_half_a_minute_counts_as_not_answered(told, call, seconds, over, count):
    call(seconds, over)

    assert len(told("call_unanswered")) == count


def test_calls_of_more_than_a_week_ago_are_let_be(told, call, clock):
    call(50, "unanswered")
    clock.at += timedelta(days=7)
    assert len(told("call_unanswered")) == 1
    clock.at += timedelta(seconds=1)
    assert told("call_unanswered") == []


def test_a_fault_of_ours_is_told_once_for_each_hour(told, write, clock):
    write(counters.count, counters.FAULTS, clock.at)
    write(counters.count, counters.FAULTS, clock.at + MINUTE)
    write(counters.count, counters.FAULTS, clock.at + 61 * MINUTE)

    assert len(told("telephone_faults")) == 2
    assert "the hour that began at midday on Monday 23 November" in told("telephone_faults")[0].text


@pytest.fixture
def divert(write, clock):
    def divert(minutes, line="advice"):
        during = Span(clock.at, clock.at + timedelta(minutes=minutes))
        wanted = NewDivert("children", line, during, "Called in sick: Amara Owusu")
        return write(diverts.create, [wanted], clock.at, "account:1")[0]

    return divert


def test_a_divert_is_told_of_half_an_hour_before_its_end_with_what_follows(told, divert, clock):
    divert(60)
    clock.at += timedelta(minutes=30) - timedelta(seconds=1)
    assert told("divert_ends_soon") == []
    clock.at += timedelta(seconds=1)
    (found,) = told("divert_ends_soon")

    assert "ends at 1pm on Monday 23 November." in found.text
    assert "Calls go to Multi-Agency Safeguarding Hub (MASH) then." in found.text
    assert "sick" not in found.text


def test_a_divert_that_was_extended_is_told_of_again_before_its_new_end(told, divert, write, clock):
    found = divert(30)
    first = keys(told("divert_ends_soon"))
    write(diverts.move_end, found.id, clock.at + timedelta(minutes=90), clock.at, "account:1")
    assert told("divert_ends_soon") == []
    clock.at += timedelta(minutes=60)

    assert len(first) == 1
    assert keys(told("divert_ends_soon")) != first


def test_a_divert_to_a_line_that_is_gone_from_the_directory_is_told(told, divert, app, tmp_path):
    divert(600, line="gone")
    (found,) = told("divert_without_effect")

    assert "divert 1 of Worried about a child to gone has no effect" in found.text


@pytest.fixture
def night(app, clock):
    """The Wednesday before Christmas, in the afternoon: nobody is on the rota."""
    clock.set("2026-12-23T15:40:00Z")
    return rostered.people(app)


def gaps_at_night(told):
    return [each for each in told("rota_gap") if "Out-of-hours" in each.text]


def test_gaps_are_told_up_to_the_end_of_the_next_working_day(told, night, clock):
    on_wednesday = [each.text for each in gaps_at_night(told)]
    clock.set("2026-12-24T00:00:00Z")
    on_thursday = [each.text for each in gaps_at_night(told)]

    assert on_wednesday == [
        "Out-of-hours social worker: nobody from 5pm on Wednesday 23 December until 8:30am on "
        "Thursday 24 December.",
        "Out-of-hours social worker: nobody from 3:30pm on Thursday 24 December until 10am on "
        "Monday 28 December.",
    ]
    assert "from 5pm on Tuesday 29 December until" in on_thursday[-1]


def test_a_gap_that_goes_on_stays_the_same_gap(told, night, clock):
    clock.set("2026-12-23T18:00:00Z")
    first = keys(gaps_at_night(told))
    clock.at += MINUTE

    assert keys(gaps_at_night(told)) == first
    assert "from 5pm on Wednesday 23 December" in gaps_at_night(told)[0].text


def test_a_gap_that_was_filled_and_is_empty_again_is_another(told, night, app, write, clock):
    first = keys(gaps_at_night(told))[0]
    rostered.shifts(app, "eds-social-worker,2026-12-23 17:00,2026-12-24 08:30,Amara Owusu")
    filled = keys(gaps_at_night(told))
    write(rota.cancel, clock.at, "account:1", shift=1)
    again = gaps_at_night(told)[0]

    assert first not in filled
    assert "from 5pm on Wednesday 23 December" in again.text
    assert again.key not in (first, *filled)


def test_what_is_entered_elsewhere_makes_no_other_gap_of_it(told, night, app):
    first = keys(gaps_at_night(told))[0]
    rostered.shifts(app, "eds-social-worker,2026-12-28 10:00,2026-12-29 08:30,Amara Owusu")

    assert keys(gaps_at_night(told))[0] == first


def test_a_gap_of_more_than_a_week_is_told_once_a_day(told, app, tmp_path, clock):
    role = "  manager:\n    name: Manager\n    needed_when: {line: duty-manager}\n"
    (tmp_path / "directory.yaml").write_text(GOOD + role)
    first = [each for each in told("rota_gap") if "Manager" in each.text]
    clock.at += timedelta(hours=11)
    later = [each for each in told("rota_gap") if "Manager" in each.text]
    clock.at += timedelta(hours=2)
    tomorrow = [each for each in told("rota_gap") if "Manager" in each.text]

    assert "nobody for more than 8 days already, until" in first[0].text
    assert keys(first) == keys(later) != keys(tomorrow)


def test_a_broken_directory_is_told_once_however_it_is_changed_while_it_is_broken(
    told, tmp_path, clock
):
    clock.at = datetime.now(UTC)  # files have their times from the machine's clock
    told("directory_broken")
    (tmp_path / "directory.yaml").write_text("council: 01632 960001")
    clock.at += timedelta(minutes=1)
    assert told("directory_broken") == []  # it may be being written just now
    clock.at += timedelta(days=1)
    first = told("directory_broken")
    (tmp_path / "directory.yaml").write_text("council: nothing")

    assert len(first) == 1
    assert "directory.yaml cannot be used" in first[0].text
    assert keys(told("directory_broken")) == keys(first)


def test_a_list_of_bank_holidays_is_told_of_when_it_was_never_fetched_or_is_old(
    told, tmp_path, clock
):
    never = told("bank_holidays_stale")
    body = (ANYSHIRE.parent.parent / "tests/data/bank-holidays.json").read_bytes()
    feed = govuk.parse(body)
    copy = govuk.HolidayList(url="x", fetched_at=clock.at, checked_at=clock.at, feed=feed)
    govuk.save_copy(tmp_path / "instance", copy)
    clock.at += timedelta(days=3)
    fresh = told("bank_holidays_stale")
    clock.at += timedelta(seconds=1)
    old = told("bank_holidays_stale")
    govuk.copy_path(tmp_path / "instance").write_text("{}")
    (broken,) = told("bank_holidays_stale")

    assert [len(never), len(fresh), len(old)] == [1, 0, 1]
    assert "last fetched on 23 November 2026" in old[0].text
    assert "is broken" in broken.text
    assert len({*keys(never), *keys(old), broken.key}) == 3


def test_a_number_in_use_that_is_not_confirmed_is_told_until_it_is(told, tmp_path, clock):
    assert told("number_unconfirmed") == []
    clock.set("2027-06-01T12:00:00Z")
    found = told("number_unconfirmed")

    assert "(line 'mash'): its number was last confirmed on" in found[0].text
    assert all("callers are sent to it" in each.text for each in found)


def test_a_number_is_in_use_where_calls_are_diverted_to_it(told, divert, tmp_path, clock):
    line = "lines:\n  spare:\n    name: Spare\n    phone: 01632 960088\n    hours: always\n"
    (tmp_path / "directory.yaml").write_text(GOOD.replace("lines:\n", line, 1))
    assert told("number_unconfirmed") == []
    divert(60, line="spare")

    assert [each.title for each in told("number_unconfirmed")] == [
        "A number in use that is not confirmed: Spare (line 'spare')"
    ]


def test_no_alert_holds_a_persons_name_a_note_or_a_telephone_number(
    told, night, app, divert, call, clock
):
    rostered.christmas(app)
    divert(20)
    call(50, "unanswered")
    found = told()
    text = " ".join(f"{each.key} {each.title} {each.text}" for each in found)

    assert {each.kind for each in found} >= {"call_unanswered", "divert_ends_soon", "rota_gap"}
    assert [name for name in rostered.PEOPLE if name.split()[0] in text] == []
    assert "sick" not in text
    assert re.findall(r"\+?\d[\d ]{9,}", text) == []


def test_every_alert_leads_to_a_staff_page_that_there_is(app):
    pages = {rule.rule for rule in app.url_map.iter_rules()}

    assert {kind.path for kind in messages.ALERT_KINDS.values()} <= pages
