"""The command line: words a duty manager understands, and an exit status."""

import json

import pytest
from conftest import ANYSHIRE


@pytest.fixture
def run(make_app):
    def run(*words, directory=None):
        app = make_app(directory) if directory else make_app()
        return app.test_cli_runner().invoke(args=list(words))

    return run


def test_who_says_the_number_the_reason_and_what_comes_next(run):
    answer = run("who")

    assert answer.exit_code == 0
    for words in ("Call 01344 352005", "until 5pm on Monday 23 November", "01344 351999", "999"):
        assert words in answer.output


def test_who_takes_local_time_and_prints_the_decision_as_json(run):
    answer = run("who", "children", "--at", "2026-12-25 09:00", "--format", "json")

    assert json.loads(answer.output)["line"]["id"] == "eds"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("who", "nope"), "children"),
        (("who", "--at", "2026-03-29 01:30"), "does not exist"),
        (("who", "--at", "2026-10-25 01:30"), "twice"),
        (("who", "--at", "soon"), "2026-12-24T17"),
    ],
)
def test_who_refuses_what_it_cannot_answer_and_says_what_to_write(run, words, said):
    answer = run(*words)

    assert answer.exit_code == 2
    assert said in answer.output


def test_status_says_ready_the_horizon_and_what_to_do(run):
    answer = run("status")

    assert answer.output.startswith("ready\n")
    assert "published through 2028" in answer.output
    assert "nobody has confirmed this number" in answer.output


def test_check_tells_errors_and_warnings_and_strict_fails_on_warnings(run, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("zone: nowhere")

    assert run("directory", "check").exit_code == 0
    assert run("directory", "check", "--strict").exit_code == 1
    assert run("directory", "check", "--strict", str(ANYSHIRE)).exit_code == 0
    answer = run("directory", "check", "--format", "json", str(broken))
    assert answer.exit_code == 1
    assert json.loads(answer.output)[0].keys() == {"level", "code", "line", "column", "message"}


def test_a_broken_directory_with_none_kept_prints_every_problem_without_a_traceback(run, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("zone: nowhere")
    for words in (["who"], ["status"]):
        answer = run(*words, directory=broken)
        assert answer.exit_code == 1
        assert "Europe/London" in answer.output
        assert "Traceback" not in answer.output
