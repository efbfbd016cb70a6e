"""Conditions: which are worth an alert, from when, and when one is a new occurrence."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import rostered
from conftest import ANYSHIRE
from divert_to import divert_to

from routing import bank_holidays, health, lookup
from routing.conditions import readiness
from routing.core.instants import Span
from routing.store import calls, diverts, rota
from routing.store.calls import Call, Leg

LIST = ("bank_holidays_never_fetched", "bank_holidays_stale", "bank_holidays_broken")
UNCONFIRMED = ("unverified", "verification_expired")
MINUTE = timedelta(minutes=1)
GOOD = ANYSHIRE.read_text("utf-8")


@pytest.fixture
def app(make_stored, tmp_path):
    """A service whose directory can be changed, on a Monday at noon, with fresh bank holidays."""
    (tmp_path / "directory.yaml").write_text(GOOD)
    return make_stored(tmp_path / "directory.yaml")


def conditions(app):
    with app.app_context():
        lookup.read_diverts(max_age=0, timeout=5)
        return health.conditions()


@pytest.fixture
def alertable(app):
    """Return the conditions worth an alert now, or those of some codes, as a new process does."""

    def alertable(*codes):
        app.extensions["snapshot_loader"].snapshot = None
        alerts = [condition for condition in conditions(app) if condition.alert_key is not None]
        return [condition for condition in alerts if not codes or condition.code in codes]

    return alertable


def keys(alerts):
    return [condition.alert_key for condition in alerts]


@pytest.fixture
def write(app):
    def write(job, *arguments, **more):
        with app.app_context(), lookup.database().writing() as connection:
            return job(connection, *arguments, **more)

    return write


@pytest.fixture
def call(write, clock):
    """Write a call that a line did not answer, and that ended after some seconds."""

    def call(seconds, outcome):
        leg = Leg(1, "mash", clock.at, outcome="no_answer", ring_seconds=seconds)
        ended_at = clock.at + timedelta(seconds=seconds)
        call = Call("children", "mash", "in_hours", clock.at, ended_at, outcome, legs=(leg,))
        write(calls.write, f"{seconds} {outcome}", call)

    return call


def test_an_unanswered_call_names_the_lines_that_rang(alertable, call):
    call(50, "unanswered")
    (condition,) = alertable("call_unanswered")

    assert condition.sentence == (
        "Worried about a child: nobody answered a call at midday on Monday 23 November. "
        "Multi-Agency Safeguarding Hub (MASH): no answer after 50 seconds."
    )


def test_callers_who_hang_up_after_half_a_minute_count_as_not_answered(alertable, call):
    for seconds, outcome in ((29, "abandoned"), (60, "answered"), (60, "unknown")):
        call(seconds, outcome)
        assert alertable("call_unanswered") == [], (seconds, outcome)
    call(30, "abandoned")

    assert len(alertable("call_unanswered")) == 1


def test_a_further_call_is_another_occurrence_that_counts_those_of_twelve_hours(
    alertable, call, clock
):
    call(50, "unanswered")
    first, noon = keys(alertable("call_unanswered")), clock.at
    clock.at = noon + timedelta(hours=12)
    assert keys(alertable("call_unanswered")) == first
    call(60, "unanswered")
    (second,) = alertable("call_unanswered")
    clock.at += timedelta(seconds=51)

    assert "nobody answered 2 calls in the last 12 hours, the last at midnight" in second.sentence
    assert keys([second]) != first
    assert "nobody answered a call at" in alertable("call_unanswered")[0].sentence


def test_calls_are_forgotten_in_the_order_in_which_they_ended(alertable, call, clock):
    began_at = clock.at
    call(8 * 60, "unanswered")
    clock.at += 5 * MINUTE
    call(60, "unanswered")
    clock.at += 4 * MINUTE
    last = keys(alertable("call_unanswered"))
    clock.at = began_at + timedelta(hours=12) + MINUTE
    assert keys(alertable("call_unanswered")) == last
    clock.at += 7 * MINUTE
    assert keys(alertable("call_unanswered")) == last
    clock.at += MINUTE

    assert alertable("call_unanswered") == []


def test_faults_are_one_condition_for_each_hour(alertable, write, clock):
    write(calls.increment, calls.FAULTS, clock.at)
    write(calls.increment, calls.FAULTS, clock.at + MINUTE)
    write(calls.increment, calls.FAULTS, clock.at + 61 * MINUTE)
    first, second = alertable("telephone_faults")

    assert "the hour that began at midday on Monday 23 November" in first.sentence
    assert first.alert_key != second.alert_key


@pytest.fixture
def divert(write, clock):
    def divert(minutes, line="advice"):
        during = Span(clock.at, clock.at + timedelta(minutes=minutes))
        note = "Called in sick: Amara Owusu"
        return write(diverts.create, [divert_to(line, during)], note, clock.at, "account:1")[0]

    return divert


def test_a_divert_is_about_to_end_half_an_hour_before_each_end_and_says_what_follows(
    alertable, divert, write, app, clock
):
    row, noon = divert(60), clock.at
    clock.at = noon + 30 * MINUTE - timedelta(seconds=1)
    assert alertable("divert_ends_soon") == []
    clock.at = noon + 30 * MINUTE
    (condition,) = alertable("divert_ends_soon")
    assert "ends at 1pm on Monday 23 November." in condition.sentence
    assert "Calls go to Multi-Agency Safeguarding Hub (MASH) then." in condition.sentence
    assert condition in conditions(app)  # status says the same

    write(diverts.move_end, row.id, noon + 120 * MINUTE, clock.at, "account:1")
    assert alertable("divert_ends_soon") == []
    clock.at = noon + 90 * MINUTE
    (again,) = alertable("divert_ends_soon")
    assert again.alert_key != condition.alert_key


def test_a_divert_to_a_line_that_the_directory_lost_has_no_effect(alertable, divert):
    divert(600, line="gone")
    (condition,) = alertable("divert_without_effect")

    assert condition.sentence.startswith("Divert 1 of Worried about a child to gone has no effect")
    assert condition.detail == "The directory has no line 'gone' any more."


@pytest.fixture
def night(app, clock):
    """The Wednesday before Christmas, in the afternoon: nobody is on the rota until January."""
    clock.set("2026-12-23T15:40:00Z")
    rostered.people(app)
    rostered.shifts(app, "eds-social-worker,2027-01-04 17:00,2027-01-05 08:30,Amara Owusu")


@pytest.fixture
def gaps_at_night(alertable):
    return lambda: [gap for gap in alertable("rota_gap") if "Out-of-hours" in gap.sentence]


def test_gaps_count_up_to_the_end_of_the_next_working_day(gaps_at_night, night, app, clock):
    on_wednesday = [gap.sentence for gap in gaps_at_night()]
    later = [one.sentence for one in conditions(app) if one.code == "rota_gap"]
    clock.set("2026-12-24T00:00:00Z")
    on_thursday = [gap.sentence for gap in gaps_at_night()]

    assert on_wednesday == [
        "Out-of-hours social worker: nobody from 5pm on Wednesday 23 December until 8:30am on "
        "Thursday 24 December.",
        "Out-of-hours social worker: nobody from 3:30pm on Thursday 24 December until 10am on "
        "Monday 28 December.",
    ]
    assert "from 5pm on Tuesday 29 December until" in on_thursday[-1]
    assert any("later in the next 28 days, the first from 4pm on Monday 28" in one for one in later)


def test_a_gap_that_goes_on_or_is_elsewhere_stays_the_same_occurrence(
    gaps_at_night, night, app, write, clock
):
    rostered.shifts(app, "eds-social-worker,2026-12-23 17:00,2026-12-23 20:00,Amara Owusu")
    write(rota.add, "removed", [], clock.at, "account:1", "", [write(rota.get, 2)])
    first = keys(gaps_at_night())
    for time in ("2026-12-23T18:00:00Z", "2026-12-23T20:01:00Z", "2026-12-24T08:29:00Z"):
        clock.set(time)
        assert keys(gaps_at_night())[0] == first[0]
        assert "nobody now until 8:30am on Thursday 24" in gaps_at_night()[0].sentence
    clock.set("2026-12-24T08:30:00Z")
    assert keys(gaps_at_night())[0] == first[1]
    rostered.shifts(app, "eds-social-worker,2026-12-28 10:00,2026-12-29 08:30,Amara Owusu")

    assert keys(gaps_at_night())[0] == first[1]


def test_a_gap_that_was_filled_and_is_empty_again_is_another_occurrence(
    gaps_at_night, night, app, write, clock
):
    first = keys(gaps_at_night())[0]
    rostered.shifts(app, "eds-social-worker,2026-12-23 17:00,2026-12-24 08:30,Amara Owusu")
    filled = keys(gaps_at_night())
    shift = write(rota.get, 2)
    write(rota.add, "removed", [], clock.at, "account:1", "", [shift])
    again = gaps_at_night()[0]

    assert first not in filled
    assert "from 5pm on Wednesday 23 December" in again.sentence
    assert again.alert_key not in (first, *filled)


def test_a_gap_that_lacks_another_person_is_another_occurrence(
    gaps_at_night, night, app, write, clock, tmp_path
):
    name = "name: Out-of-hours social worker\n"
    (tmp_path / "directory.yaml").write_text(GOOD.replace(name, f"{name}    people: 3\n"))
    for person in ("Amara Owusu", "Dev Patel"):
        rostered.shifts(app, f"eds-social-worker,2026-12-23 17:00,2026-12-24 08:30,{person}")
    lacking = [gaps_at_night()[0].alert_key]
    for shift_id in (2, 3):
        write(rota.add, "removed", [], clock.at, "account:1", "", [write(rota.get, shift_id)])
        lacking.append(gaps_at_night()[0].alert_key)

    assert len(set(lacking)) == 3


def test_a_role_without_a_rota_or_a_gap_without_an_end_is_a_new_occurrence_once_a_day(
    alertable, app, tmp_path, clock
):
    role = "  manager:\n    name: Manager\n    needed_when: {line: duty-manager}\n"
    (tmp_path / "directory.yaml").write_text(GOOD + role)

    def keys_within_a_day_and_after(code):
        clock.set("2026-11-24T12:00:00Z")
        first = alertable(code)[-1].alert_key
        clock.at += timedelta(hours=11)
        later = alertable(code)[-1].alert_key
        clock.at += timedelta(hours=2)
        return first, later, alertable(code)[-1].alert_key

    first, later, tomorrow = keys_within_a_day_and_after("rota_empty")
    assert first == later != tomorrow
    rostered.people(app)
    rostered.shifts(app, "manager,2026-11-25 08:00,2026-11-25 09:00,Amara Owusu")
    first, later, tomorrow = keys_within_a_day_and_after("rota_gap")
    assert "Manager: nobody from 9am on Wednesday 25 November" in alertable("rota_gap")[-1].sentence
    assert first == later != tomorrow


def test_a_broken_directory_is_one_occurrence_however_it_changes_while_broken(
    alertable, tmp_path, clock
):
    clock.at = datetime.now(UTC)  # files have their times from the machine's clock
    alertable("directory_broken")
    (tmp_path / "directory.yaml").write_text("council: 01632 960001")
    clock.at += timedelta(minutes=1)
    assert alertable("directory_broken") == []  # it may be being written just now
    clock.at += timedelta(days=1)
    first = alertable("directory_broken")
    (tmp_path / "directory.yaml").write_text("council: nothing")

    assert len(first) == 1
    assert "directory.yaml cannot be used" in first[0].sentence
    assert keys(alertable("directory_broken")) == keys(first)


def test_a_list_of_bank_holidays_never_fetched_old_or_broken_is_worth_an_alert(
    alertable, tmp_path, clock
):
    never = alertable(*LIST)
    body = (ANYSHIRE.parent.parent / "tests/data/bank-holidays.json").read_bytes()
    feed = bank_holidays.parse(body)
    copy = bank_holidays.HolidayList(url="x", checked_at=clock.at, feed=feed)
    bank_holidays.save_copy(tmp_path / "instance", copy)
    clock.at += timedelta(days=3)
    fresh = alertable(*LIST)
    clock.at += timedelta(seconds=1)
    old = alertable(*LIST)
    bank_holidays.copy_path(tmp_path / "instance").write_text("{}")
    (broken,) = alertable(*LIST)

    assert fresh == []
    assert [condition.code for condition in (*never, *old, broken)] == [*LIST]
    assert "last fetched on 23 November 2026" in old[0].sentence
    assert "is broken" in broken.sentence
    assert len({*keys(never), *keys(old), broken.alert_key}) == 3


def test_a_number_in_use_is_worth_an_alert_once_its_confirmation_has_run_out(alertable, clock):
    assert alertable(*UNCONFIRMED) == []
    clock.set("2027-06-01T12:00:00Z")

    assert "(line 'mash'): its number was last confirmed on" in alertable(*UNCONFIRMED)[0].sentence


def test_an_unconfirmed_number_is_worth_an_alert_once_calls_are_diverted_to_it(
    alertable, divert, app, tmp_path
):
    line = "lines:\n  spare:\n    name: Spare\n    phone: 01632 960088\n    hours: always\n"
    (tmp_path / "directory.yaml").write_text(GOOD.replace("lines:\n", line, 1))
    assert alertable(*UNCONFIRMED) == []
    assert "unverified" in [condition.code for condition in conditions(app)]
    divert(60, line="spare")

    (condition,) = alertable(*UNCONFIRMED)
    assert condition.sentence.startswith("Spare (line 'spare')")


def test_what_goes_out_in_alerts_holds_no_persons_name_note_or_telephone_number(
    alertable, night, app, divert, call
):
    rostered.christmas(app)
    divert(20)
    call(50, "unanswered")
    alerts = alertable()
    text = " ".join(f"{alert.alert_key} {alert.sentence}" for alert in alerts)

    assert {alert.code for alert in alerts} >= {"call_unanswered", "divert_ends_soon", "rota_gap"}
    assert [name for name in rostered.PEOPLE if name.split()[0] in text] == []
    assert "sick" not in text
    assert re.findall(r"\+?\d[\d ]{9,}", text) == []


def test_only_a_degrading_condition_makes_the_service_degraded(app, divert):
    assert readiness(conditions(app)) == "ready"
    divert(20)

    assert readiness(conditions(app)) == "degraded"
    assert conditions(app)[0].code == "divert_ends_soon"


def test_what_the_council_does_not_use_is_no_condition(make_app):
    unused = make_app(TELEPHONE="none", ALERTS="none", ALERT_TO="duty@anyshire.example")

    assert {"telephone_off", "alerts_off"} <= codes(make_app())
    assert {"telephone_off", "alerts_off"} & codes(unused) == set()


def test_half_a_telephone_or_half_of_alerts_or_a_misspelt_setting_is_a_condition(
    make_app, monkeypatch
):
    for settings, code in (
        ({"TWILIO_AUTH_TOKEN_2": "x"}, "telephone_incomplete"),
        ({"ALERT_TO": "duty@anyshire.example"}, "alerts_incomplete"),
    ):
        app = make_app(**settings)
        assert code in codes(app)
        assert readiness(conditions(app)) == "degraded"
    monkeypatch.setenv("TWILIO_AUTH_TOKN", "1")
    assert "setting_unknown" in codes(make_app())


def codes(app):
    return {condition.code for condition in conditions(app)}
