"""who-to-call who, status and directory: plain words, and an exit status."""

import json
import re

import pytest
from conftest import ANYSHIRE, ROOT
from test_lint import CLEAN


@pytest.fixture
def run(make_app):
    def run(*words, directory=None):
        app = make_app(directory) if directory else make_app()
        return app.test_cli_runner().invoke(args=list(words))

    return run


def test_who_shows_the_number_the_reason_and_what_comes_next(run):
    answer = run("who")

    assert answer.exit_code == 0
    for words in ("Call 01344 352005", "until 5pm on Monday 23 November", "01344 351999", "999"):
        assert words in answer.output


def test_who_takes_local_time_and_gives_each_lines_own_number_also_as_json(run):
    words = ("who", "children", "--at", "2026-12-25 09:00")
    output = run(*words, directory=ANYSHIRE).output

    assert "Call 01632 960002, the Emergency Duty Service (EDS), until 10am" in output
    assert "call the Multi-Agency Safeguarding Hub (MASH) on 01632 960001" in output
    assert "day and night" not in output
    assert "same number" not in output
    assert json.loads(run(*words, "--format", "json").output)["line"]["id"] == "eds"


def test_who_refuses_an_invalid_question_and_says_what_to_write(run):
    for words, message in (
        (["nope"], "children"),
        (["--at", ""], "'2026-12-24 17:00'"),
        (["--at", "soon"], "2026-12-24T17"),
    ):
        answer = run("who", *words)
        assert (answer.exit_code, message in answer.output) == (2, True), words


def test_status_shows_ready_and_each_condition_with_its_audience(run):
    answer = run("status")
    report = json.loads(run("status", "--format", "json").output)
    codes = {condition["code"]: condition for condition in report["conditions"]}

    assert answer.output.startswith("ready\n")
    assert "nobody has confirmed its number" in answer.output
    assert answer.exit_code == 0
    assert report["status"] == "ready"
    telephone = codes["telephone_off"]
    assert (telephone["audience"], telephone["severity"]) == ("administrator", "warning")


PROVIDER = {"OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "y"}
ISSUER = {"OIDC_ISSUER": "https://login.example"}
WELL_KNOWN = {"OIDC_ISSUER": "https://login.example/.well-known/openid-configuration"}
FAULTY_SETTINGS = [
    (ISSUER, "sign_in_incomplete", "OIDC_CLIENT_ID and OIDC_CLIENT_SECRET are not"),
    (ISSUER | {"OIDC_CLIENT_ID": "x"}, "sign_in_incomplete", "OIDC_CLIENT_SECRET is not"),
    (PROVIDER, "sign_in_incomplete", "OIDC_ISSUER is not"),
    (PROVIDER | {"OIDC_ISSUER": "login.example"}, "sign_in_incomplete", "Write the provider's own"),
    (PROVIDER | WELL_KNOWN, "sign_in_incomplete", "without /.well-known"),
    ({"DATABASE_URL": "postgresql://127.0.0.1:9/x"}, "sign_in_incomplete", "SECRET_KEY is not set"),
    ({"ALERT_TO": "duty@x.example; ict@x.example"}, "setting_malformed", "ALERT_TO is "),
    ({"PUBLIC_BASE_URL": "who.example"}, "setting_malformed", "PUBLIC_BASE_URL is 'who.example'"),
]


def test_a_faulty_setting_is_degraded_and_stops_a_release_but_no_answer(make_app):
    for settings, code, text in FAULTY_SETTINGS:
        app = make_app(ANYSHIRE, **settings)
        runner = app.test_cli_runner()
        status, release = runner.invoke(args=["status"]), runner.invoke(args=["release"])

        assert status.exit_code == release.exit_code == 1, settings
        assert f"{code}: " in status.output
        assert text in status.output and text in release.output
        assert runner.invoke(args=["who"]).exit_code == 0
        doctor = runner.invoke(args=["twilio", "doctor"]).output.splitlines()
        assert not any(text in line and line.startswith("STOPS") for line in doctor)
        assert app.test_client().get("/api/v1/services/children/decision").status_code == 200


def test_a_release_upgrades_the_database(make_app):
    runner = make_app(ANYSHIRE).test_cli_runner()

    assert "is up to date" in runner.invoke(args=["release"]).output
    assert runner.invoke(args=["db", "counts", "--format", "json"]).output.startswith("{")
    assert json.loads(runner.invoke(args=["staff", "list", "--format", "json"]).output) == []
    assert "until" in json.loads(runner.invoke(args=["rota", "who", "--format", "json"]).output)[0]
    findings = json.loads(runner.invoke(args=["twilio", "doctor", "--format", "json"]).output)
    assert {"level", "text"} == findings[0].keys()


def test_check_lists_problems_and_strict_fails_on_warnings(run, tmp_path):
    broken, clean = tmp_path / "broken.yaml", tmp_path / "clean.yaml"
    broken.write_text("zone: nowhere")
    clean.write_text(CLEAN)

    assert run("directory", "check").exit_code == 0
    assert run("directory", "check", "--strict").exit_code == 1
    assert run("directory", "check", "--strict", str(clean)).exit_code == 0
    answer = run("directory", "check", "--format", "json", str(broken))
    assert answer.exit_code == 1
    keys = {"level", "code", "line", "column", "message", "details"}
    assert json.loads(answer.output)[0].keys() == keys


def test_check_prints_a_warning_as_one_short_line_and_in_full_when_asked(run, tmp_path):
    file = tmp_path / "gap.yaml"
    file.write_text(CLEAN.replace("hours: always", "hours: {mon-fri: '17:00-08:30'}", 1))
    short = run("directory", "check", str(file)).output.splitlines()[:-1]
    full = run("directory", "check", "--verbose", str(file)).output

    assert short
    assert all(len(line) <= 160 for line in short)
    assert all(re.search(r"[^.][.?]$|[,.:] \.\.\.$", line) for line in short)  # no date cut in two
    assert len(full.splitlines()) > len(short) + 1


WEST_BERKSHIRE = ROOT / "examples" / "west-berkshire.yaml"


def test_gaps_groups_weekly_gaps_and_exits_with_1(run):
    answer = run("directory", "gaps", str(WEST_BERKSHIRE))

    assert answer.exit_code == 1
    assert "gap      every Friday 4:30pm to 5pm, 54 times, first 27 November 2026" in answer.output
    assert "overlap  every Monday to Friday 8:30am to 9am" in answer.output
    assert answer.output.index("gap  ") < answer.output.index("overlap")


def test_gaps_finds_none_in_hours_that_meet_to_the_minute(run):
    answer = run("directory", "gaps", str(ROOT / "examples" / "oxfordshire.yaml"))

    assert (answer.exit_code, "no gap and no overlap" in answer.output) == (0, True)


def test_gaps_as_json_lists_each_with_the_offset_of_the_day(run):
    words = ("--from", "2027-06-01", "--days", "7", "--format", "json")
    answer = run("directory", "gaps", str(WEST_BERKSHIRE), *words)
    (gap,) = [gap for gap in json.loads(answer.output) if gap["kind"] == "gap"]

    edges = {"from": "2027-06-04T16:30:00+01:00", "to": "2027-06-04T17:00:00+01:00"}
    assert gap == {"service": "children", "kind": "gap", **edges, "lines": []}


def test_an_invalid_file_gives_its_own_exit_status_and_every_problem(run, tmp_path):
    broken = str(tmp_path / "broken.yaml")
    (tmp_path / "broken.yaml").write_text("zone: nowhere")
    for words, directory, status in (
        (["who"], broken, 1),
        (["status"], broken, 2),
        (["directory", "gaps", broken], None, 2),
        (["directory", "diff", str(WEST_BERKSHIRE), broken], None, 2),
    ):
        answer = run(*words, directory=directory)
        assert answer.exit_code == status, words
        assert "Europe/London" in answer.output and "'services' is missing" in answer.output, words
        assert "Traceback" not in answer.output, words


@pytest.fixture
def no_early_friday(tmp_path):
    path = tmp_path / "new.yaml"
    path.write_text(WEST_BERKSHIRE.read_text().replace("fri: 08:30-16:30", "fri: 08:30-17:00"))
    return str(path)


def test_diff_shows_when_an_answer_changes_from_what_to_what(run, no_early_friday):
    answer = run("directory", "diff", str(WEST_BERKSHIRE), no_early_friday)

    assert answer.exit_code == 1
    assert [line.strip() for line in answer.output.splitlines()[2:]] == [
        "Changed in the file",
        "Contact Advice and Assessment Service (CAAS): hours fri 08:30-17:00, was 08:30-16:30",
        "",
        "children",
        "every Friday 4:30pm to 5pm, 54 times, first 27 November 2026, "
        "but not on 25 December 2026, 1 January 2027 and 26 March 2027",
        "old: Emergency Duty Service (EDS) (eds), 01632 960199",
        "new: Contact Advice and Assessment Service (CAAS) (caas), 01632 960111",
    ]


def test_diff_as_json_gives_the_line_and_number_before_and_after(run, no_early_friday):
    words = ("--from", "2026-11-27", "--days", "1", "--format", "json")
    answer = run("directory", "diff", str(WEST_BERKSHIRE), no_early_friday, *words)
    in_file, period = json.loads(answer.output)
    old, new = period["old"], period["new"]

    caas = "Contact Advice and Assessment Service (CAAS)"
    change = {"owner": caas, "key": "hours.fri", "old": "08:30-16:30", "new": "08:30-17:00"}
    assert in_file == change
    assert period["service"] == "children"
    assert period["from"] == "2026-11-27T16:30:00+00:00"
    assert period["to"] == "2026-11-27T17:00:00+00:00"
    assert (old["line"], old["e164"], old["display"]) == ("eds", "+441632960199", "01632 960199")
    assert new == {
        "line": "caas",
        "e164": "+441632960111",
        "number": None,
        "name": caas,
        "display": "01632 960111",
        "options": None,
    }


def test_diff_begins_with_what_was_changed_in_the_file(run, tmp_path):
    path, before = tmp_path / "new.yaml", tmp_path / "old.yaml"
    text = WEST_BERKSHIRE.read_text().replace("    hours:", "    visibility: public\n    hours:", 1)
    before.write_text(text)
    lines = {"number 01632 960198, was 01632 960199", "name Worried, was Worried about a child"}
    path.write_text(
        text.replace("960199", "960198", 1)
        .replace("name: Worried about a child", "name: Worried")
        .replace("visibility: public", "options: press 2")
    )
    answer = run("directory", "diff", str(before), str(path))

    assert answer.exit_code == 1
    changes = answer.output.split("children")[0].splitlines()
    for line in (*lines, "options press 2, was not there"):
        assert any(change.endswith(line) for change in changes), line


def test_diff_of_a_file_with_itself_finds_nothing(run):
    answer = run("directory", "diff", str(ANYSHIRE), str(ANYSHIRE))

    assert (answer.exit_code, answer.output.count("no change")) == (0, 2)


def test_diff_of_one_file_compares_it_with_the_directory_in_use(run, no_early_friday):
    before = run("directory", "diff", no_early_friday, directory=WEST_BERKSHIRE)
    run("who", directory=WEST_BERKSHIRE)
    after = run("directory", "diff", no_early_friday, directory=WEST_BERKSHIRE)

    assert (before.exit_code, "Give two files" in before.output) == (2, True)
    assert (after.exit_code, "every Friday 4:30pm to 5pm" in after.output) == (1, True)


def test_commands_are_in_english_even_if_the_pages_are_in_welsh(run):
    answer = run("directory", "gaps", str(ROOT / "examples" / "neath-port-talbot.yaml"))

    assert "Worried about a child (children)" in answer.output
    assert "gap      every Saturday and Sunday 8:30am to 9am" in answer.output
