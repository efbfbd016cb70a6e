"""who-to-call directory new: eight answers make a directory that check accepts."""

import json
import re

import pytest
from conftest import ROOT

PAGE = (ROOT / "docs/directory.md").read_text("utf-8")
COUNTY, WELSH, POLICE = re.findall(r"```yaml\n(council: .*?)```", PAGE, re.DOTALL)
ONE_NUMBER = COUNTY.replace("Emergency Duty Team, 01632 960002", "MASH, 01632 960001")
TYPED = [line.split(": ", 1)[1].strip('"') for line in COUNTY.strip().splitlines()]


def typed(answers, *replies):
    """Return what somebody types who gives these answers and then these replies."""
    return "\n".join([*answers, *replies, ""])


@pytest.fixture
def new(make_app, tmp_path):
    """Run the command over a file that does not exist yet, with answers in a file if given."""
    app = make_app()
    file = tmp_path / "new.yaml"

    def run(answers=None, keys=None, *options):
        words = ["directory", "new", str(file), *options]
        if answers is not None:
            (tmp_path / "answers.yaml").write_text(answers)
            words += ["--answers", str(tmp_path / "answers.yaml")]
        return app.test_cli_runner().invoke(args=words, input=keys)

    run.file, run.app = file, app
    return run


@pytest.mark.parametrize("answers", [COUNTY, WELSH, POLICE, ONE_NUMBER])
def test_with_what_it_asks_for_written_in_check_asks_about_christmas_alone(new, answers):
    new(answers)
    text = new.file.read_text()
    for key in ("accessibility", "privacy", "verified"):
        text = text.replace(f"  # {key}:", f"  {key}:")
    new.file.write_text(text)
    checked = new.app.test_cli_runner().invoke(
        args=["directory", "check", "--format", "json", str(new.file)]
    )

    assert {problem["code"] for problem in json.loads(checked.output)} <= {"opens_at_christmas"}
    assert checked.exit_code == 0


PAGES = [
    (COUNTY, "2026-11-23T12:00:00Z", "Testshire County", "01632 960001"),
    (COUNTY, "2026-11-23T22:00:00Z", "Emergency Duty Team", "01632 960002"),
    (WELSH, "2026-12-25T12:00:00Z", "Tîm Plant: y drws blaen", "020 7946 0001"),
    (WELSH, "2026-12-25T19:00:00Z", "Tîm Dyletswydd Brys", "020 7946 0002"),
    (ONE_NUMBER, "2026-11-23T22:00:00Z", "Testshire County", "01632 960001"),
    (POLICE, "2026-11-23T12:30:00Z", "Police", "tel:101"),
    (POLICE, "2026-11-24T12:30:00Z", "Children and families", "+44 1632 960003"),
]


@pytest.mark.parametrize(("answers", "at", "name", "number"), PAGES)
def test_its_page_shows_who_answers_and_that_nobody_confirmed_it(
    new, make_app, clock, answers, at, name, number
):
    new(answers)
    clock.set(at)
    page = make_app(new.file).test_client().get("/").text
    card = page[page.index("data-who-answer") : page.index("</section>")]

    assert name in page
    assert number in card
    if answers == COUNTY:
        assert "Not yet confirmed by the council" in page


def test_answers_that_are_typed_are_read_back_and_make_the_same_directory(new):
    result = new(None, typed(TYPED, "y"))

    assert result.exit_code == 0, result.output
    assert "day_line: Multi-Agency Safeguarding Hub (MASH), 01632 960001" in result.output
    text = new.file.read_text()
    for answers in (COUNTY, COUNTY.replace("(MASH), 01632", "(MASH) 01632")):
        new(answers, None, "--force")
        assert text == new.file.read_text()


def test_answers_that_are_not_right_are_asked_again(new):
    again = ["", "", "", "MASH, 01632 960003", "", "", "", ""]
    result = new(None, typed(TYPED, "n", *again, "y"))

    assert result.exit_code == 0, result.output
    assert "01632 960003" in new.file.read_text()


def test_bad_answers_that_are_typed_and_hours_that_leave_a_gap_are_asked_again(new):
    answers = [*TYPED[:3], "MASH, 01632 9600", *TYPED[4:6], "mon-sun: 18:00-08:30", TYPED[7]]
    result = new(None, typed([*answers, TYPED[3], "", "always"], "y"))

    assert result.exit_code == 0, result.output
    assert "day_line: phone: '01632 9600' has too few or too many digits." in result.output
    assert "night_hours: add this to the hours of 'night'" in result.output


@pytest.mark.parametrize("character", ["\x07", "\u2028", "\u202e"])
def test_an_answer_with_a_character_that_no_file_may_have_is_asked_again(new, character):
    result = new(None, typed([TYPED[0] + character, *TYPED[1:], TYPED[0]], "y"))

    assert result.exit_code == 0, result.output
    assert re.search("council: here is a .*: delete it", result.output)


def test_hours_may_end_with_a_semicolon(new):
    new(COUNTY)
    text = new.file.read_text()
    ended = re.sub('^(day_hours: .*)"$', r'\1;"', COUNTY, flags=re.M)

    assert new(ended, None, "--force").exit_code == 0
    assert new.file.read_text() == text


def test_each_bad_answer_of_a_file_is_named(new):
    bad = COUNTY.replace("england-and-wales", "atlantis").replace("01632 960001", "01632 9600")
    result = new(bad.replace("languages: en", "language: en").replace("08:30-17:00", "9 to 5"))

    assert result.exit_code == 1
    for key in ("division:", "day_line:", "day_hours:", "language:"):
        assert key in result.output
    assert not new.file.exists()


DOUBTFUL = [
    ("08:30-17:00", "08:30-05:00", "day_hours:"),
    ("01632 960001", "0300 123 456", "day_line:"),
    ("01632 960002", "0808 800 5001", "night_line:"),
    ("night_hours: always", "night_hours: 'mon-fri: 17:00-08:30'", "night_hours:"),
    ("01632 960001", "999", "day_line:"),
    ("01632 960001", "01632 960001, 01632 960003", "day_line: .* another in a second line"),
    ("https://www.testshire.example", "none", "website:"),
    ("languages: en", "languages: welsh", "(?s)^(?!.*council:).*languages: 'welsh' cannot be used"),
    ("Emergency Duty Team, 01632 960002", "101", "night_line: name:"),
    ("Testshire County Council", "[Testshire, Council]", "council:"),
    ("Multi-Agency Safeguarding Hub (MASH), 01632 960001", "[MASH, 01632 960001]", "day_line:"),
    ("Emergency Duty Team, 01632 960002", "{name: [a], phone: 01632 960002}", "night_line:"),
    ("languages: en", "languages: [en, [cy]]", "languages:"),
    ("night_hours: always", "night_hours: {}", "night_hours: it is missing"),
    ("night_hours: always", "night_hours: 'always; fri: closed'", "night_hours:"),
]


def test_an_answer_that_check_doubts_is_bad(new):
    for old, new_words, key in DOUBTFUL:
        result = new(COUNTY.replace(old, new_words))
        assert result.exit_code == 1, new_words
        assert re.search(key, result.output), new_words


def test_a_directory_is_begun_after_the_last_year_of_published_bank_holidays(new, clock):
    clock.set("2035-06-01T12:00:00+01:00")

    assert new(COUNTY).exit_code == 0


def test_a_file_is_replaced_only_by_force(new):
    new.file.write_text("mine")
    refused = new(COUNTY)

    assert refused.exit_code == 1
    assert "--force" in refused.output
    assert new.file.read_text() == "mine"
    assert new(COUNTY, None, "--force").exit_code == 0
    assert "Testshire" in new.file.read_text()


def test_a_file_that_cannot_be_written_is_refused_before_any_question(new):
    path = str(new.file.parent / "none" / "new.yaml")
    result = new.app.test_cli_runner().invoke(args=["directory", "new", path])

    assert result.output == f"Error: You may not write {path}. Give another FILE.\n"
