"""who-to-call divert, staff and db: for when the page or the identity provider is down."""

import json
import os

import pytest
from conftest import ANYSHIRE

from routing import lookup
from routing.store import accounts, audit_log


@pytest.fixture
def app(make_stored):
    return make_stored()


@pytest.fixture
def run(app):
    return lambda *words, stdin=None: app.test_cli_runner().invoke(args=words, input=stdin)


@pytest.fixture
def record(app):
    def record():
        with app.app_context(), lookup.database().reading() as connection:
            return audit_log.newest(connection, 99)

    return record


def put(run, *more, service="children", line="duty-manager", until="1h"):
    return run("divert", "set", service, line, "--until", until, "--note", "Phones down", *more)


def test_a_divert_set_by_command_applies_is_listed_and_is_in_the_audit_log(run, record):
    result = put(run)
    assert result.exit_code == 0, result.output
    assert "Divert 1 is set: children to duty-manager, from now until 1pm today." in result.output
    assert "Calls are diverted to Duty manager" in result.output
    assert "The line 'mash' is not rung meanwhile." in result.output
    (listed,) = json.loads(run("divert", "list", "--format", "json").output)

    assert listed == {
        "id": 1,
        "service": "children",
        "line": "duty-manager",
        "from": "2026-11-23T12:00:00+00:00",
        "to": "2026-11-23T13:00:00+00:00",
        "note": "Phones down",
    }
    sentence = "1  children to duty-manager, from now until 1pm today. Phones down"
    assert sentence in run("divert", "list").output
    (entry,) = record()
    actor = f"terminal:{os.environ.get('SUDO_UID') or os.getuid()}"
    assert (entry.action, entry.entity, entry.actor) == ("divert.set", "divert:1", actor)


def test_a_divert_is_extended_and_ended(run, record):
    put(run)
    extend = ("divert", "extend", "1", "--until", "4h")
    assert "until 4pm today" in run(*extend).output
    earlier = run("divert", "extend", "1", "--until", "1h")
    assert "Divert 1 ends 3 hours earlier than it was set for." in earlier.output
    ended = run("divert", "end", "1").output
    assert "Divert 1 has ended." in ended
    assert "Calls go to Multi-Agency Safeguarding Hub (MASH)" in ended
    assert "had already ended" in run("divert", "end", "1").output
    assert "There are no diverts" in run("divert", "list").output
    assert "has ended" in run(*extend).output
    unknown = run("divert", "end", "7")
    assert (unknown.exit_code, "There is no divert 7" in unknown.output) == (1, True)

    assert [entry.action for entry in record()] == [
        *("divert.ended", "divert.changed", "divert.changed", "divert.set")
    ]


def test_all_services_are_diverted_in_one_command(run):
    result = put(run, "--although-closed", service="all", line="eds", until="handover")

    assert result.exit_code == 0, result.output
    assert len(json.loads(run("divert", "list", "--format", "json").output)) == 2


def test_a_divert_can_start_later_in_local_time(run):
    result = put(run, "--from", "2026-11-24 09:00", until="2026-11-24 10:00")

    assert "from 9am tomorrow until 10am tomorrow" in result.output
    assert "Calls go to Multi-Agency Safeguarding Hub (MASH)" in result.output


INVALID = [
    ({"line": "nope"}, 1, "no line 'nope'"),
    ({"until": "for ever"}, 2, "Write it as '2026-12-24 17:00', or with an offset"),
    ({"until": "for ever"}, 2, "Or write 1h, 4h or handover."),
    ({"until": "2026-10-25 01:30"}, 2, "happens twice"),
    ({"line": "eds"}, 1, "add --although-closed"),
    ({"line": "eds"}, 1, "is shut from now until 1pm today"),
    ({"line": "eds"}, 1, "Monday to Thursday: 5pm to"),
]


def test_an_invalid_divert_is_refused_and_a_bad_time_as_every_command_does(run):
    for options, status, words in INVALID:
        result = put(run, **options)
        assert (result.exit_code, "Traceback" in result.output) == (status, False), options
        assert words in result.output
    for missing in (("--until", "1h"), ("--note", "x")):  # an end and a note are needed
        assert run("divert", "set", "children", "eds", *missing).exit_code == 2
    assert json.loads(run("divert", "list", "--format", "json").output) == []


COMMANDS = "divert list, divert end 1, staff list, calls summary, alerts list, db counts, purge"
ROTA_COMMANDS = [f"rota {words}" for words in ("who", "gaps", "export", "import -", "undo 1")]


def test_without_a_database_a_command_fails_with_what_to_run(make_app):
    runner = make_app(ANYSHIRE).test_cli_runner()
    for command in (*COMMANDS.split(", "), *ROTA_COMMANDS, "rota purge"):
        result = runner.invoke(args=command.split())
        assert result.exit_code == 1, command
        assert "who-to-call db upgrade" in result.output, command


def test_an_account_is_created_listed_given_a_password_and_removed(run):
    assert "There are no accounts" in run("staff", "list").output
    words = ("staff", "add", "Priya", "--role", "view,divert", "--password-stdin")
    made = run(*words, stdin="correct horse battery\n")
    assert (made.exit_code, "Priya can sign in" in made.output) == (0, True)
    assert "Priya  divert,view  local" in run("staff", "list").output
    again = run(*words, stdin="correct horse battery\n")
    assert (again.exit_code, "already" in again.output) == (1, True)
    changed = run("staff", "password", "priya", "--password-stdin", stdin="another long one\n")
    assert changed.exit_code == 0
    assert run("staff", "remove", "Priya").exit_code == 0
    assert "There are no accounts" in run("staff", "list").output
    assert "There is no account" in run("staff", "remove", "Priya").output


def test_an_unknown_role_or_a_weak_password_is_refused(run):
    words = ("staff", "add", "X", "--password-stdin", "--role")
    for granted in ("", "owner", "view,owner", "view;divert"):
        result = run(*words, granted, stdin="x" * 12)
        assert result.exit_code == 2, granted
        assert "view, rota, divert, admin" in result.output
    weak = run(*words, "view", stdin="passwordpassword\n")
    assert (weak.exit_code, "anybody would guess" in weak.output) == (1, True)


@pytest.fixture
def tom(app):
    """Make a council account; return it."""
    with app.app_context(), lookup.database().writing() as connection:
        who = (
            "https://login.anyshire.example",
            "s-1",
            "Tom Price",
            accounts.parse_roles(["admin"]),
        )
        return accounts.upsert_sso_account(connection, *who, lookup.now())


@pytest.mark.parametrize("wanted", ["Tom Price", "1"])
def test_a_council_account_is_listed_and_removed_by_name_or_number(run, tom, wanted):
    assert f"   1  Tom Price  admin  {tom.issuer}" in run("staff", "list").output
    removed = run("staff", "remove", wanted)

    assert (removed.exit_code, "Tom Price (account 1) is removed" in removed.output) == (0, True)
    again = f"They can sign in again until {tom.issuer} no longer gives them a role"
    assert again in removed.output
    assert "There are no accounts" in run("staff", "list").output


def test_an_account_without_a_role_is_listed_so_that_it_can_be_removed(run, app, tom):
    with app.app_context(), lookup.database().writing() as connection:
        who = tom.issuer, tom.subject, tom.name
        accounts.upsert_sso_account(connection, *who, frozenset(), lookup.now())

    assert "Tom Price  no role" in run("staff", "list").output
    assert run("staff", "remove", "Tom Price").exit_code == 0


def test_a_password_can_be_typed_and_is_not_shown(run):
    long = "correct horse battery\n"
    result = run("staff", "add", "X", "--role", "view", stdin=long + long)

    assert result.exit_code == 0
    assert "correct" not in result.output


def test_status_shows_diverts_and_a_database_that_is_missing_or_down(app, run, make_app, tmp_path):
    put(run)
    assert (
        "diverted: Divert 1 of Worried about a child to Duty manager is in force until 1pm today "
        "(1 hour)." in (run("status").output)
    )
    other = make_app(ANYSHIRE, INSTANCE_PATH=str(tmp_path / "other"))
    assert "database_not_made" in other.test_cli_runner().invoke(args=["status"]).output
    down = make_app(
        ANYSHIRE, DATABASE_URL="postgresql://routing:hush@127.0.0.1:9/none", SECRET_KEY="k"
    )
    result = down.test_cli_runner().invoke(args=["status"]).output
    assert "degraded" in result
    assert "database_down" in result
    assert "hush" not in result


def test_a_rehearsal_has_diverts_of_its_own(make_app, run):
    put(run)
    rehearsal = make_app(ANYSHIRE, CLOCK_STARTS_AT="2026-12-24T16:59:50Z").test_cli_runner()
    rehearsal.invoke(args=["db", "upgrade"])

    assert "There are no diverts" in rehearsal.invoke(args=["divert", "list"]).output


def test_a_new_list_of_bank_holidays_is_in_the_audit_log(app, feed, run, record):
    app.config["BANK_HOLIDAYS_URL"] = feed.url
    result = run("bank-holidays", "refresh")

    assert result.exit_code == 0, result.output
    assert record()[0].action == "bank_holidays.refreshed"


def test_the_command_says_that_the_line_replaced_is_not_rung_unless_it_may_be(run):
    assert "not rung" not in put(run, "--may-ring").output


def test_the_command_says_that_a_line_takes_the_calls_anyway(run):
    output = put(run, line="mash").output
    assert "Worried about a child: Multi-Agency Safeguarding Hub (MASH) takes these calls" in output
