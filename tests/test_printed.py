"""The printed page: every number and its hours, true however long it hangs on a wall."""

import re

import pytest
from conftest import ANYSHIRE, ROOT
from sweep import EXAMPLES

from routing import lookup


@pytest.fixture
def printed(make_app):
    def printed(directory=ANYSHIRE, *options):
        runner = make_app(directory).test_cli_runner()
        result = runner.invoke(args=["directory", "print", *options])
        assert result.exit_code == 0, result.output
        return result.output

    return printed


def words(page):
    text = re.sub(r"(?s)<style>.*?</style>|<[^>]+>", " ", page).replace("&#39;", "'")
    return " ".join(text.split())


@pytest.mark.parametrize("path", [ROOT / "directory.yaml", *EXAMPLES], ids=lambda path: path.stem)
def test_the_printed_page_has_every_service_line_and_helpline_and_fetches_nothing(
    printed, make_app, path
):
    page = printed(path)
    text, app = words(page), make_app(path)
    with app.app_context():
        directory = lookup.snapshot().directory
    language = directory.languages[0]

    assert not re.search(r'<(?:script|link|img|iframe)|src=|href="(?!tel:|sms:)', page)
    for service in directory.services:
        assert service.name.get(language) in text
        assert service.number is None or service.number.display in text
    for line in directory.lines:
        assert (line.phone.display in text) is not line.internal
        assert (line.name.get(language) in text) is not line.internal
    for helpline in directory.helplines:
        assert helpline.name.get(language) in text
        assert helpline.phone.display in text


def test_the_printed_page_never_says_now_or_today_and_is_the_same_at_any_hour(printed, clock):
    page = printed()
    text = words(page).replace("a crime that is not happening now", "")  # the council's own
    clock.set("2026-11-23T23:30:00Z")

    assert not re.search(r"\b(now|today|tomorrow|currently|open until)\b", text, re.I)
    assert printed() == page


def test_the_printed_page_says_until_when_it_is_complete_each_week_and_the_order_to_try(printed):
    text = words(printed())

    for sentence in (
        "Made on Monday 23 November 2026.",
        "Days with other hours are listed to Sunday 17 January 2027",
        "Thursday 24 December 2026 (Christmas Eve) 8:30am to 3:30pm",
        "Bank holidays to Sunday 17 January 2027 Friday 25 December 2026, Christmas Day",
        "01632 960100 Call at any hour.",
        "At all other times, Emergency Duty Service (EDS) 01632 960002",
        "Monday to Thursday: 8:30am to 5pm; Friday: 8:30am to 4:30pm; Saturday and Sunday: closed; "
        "Bank holidays: closed.",
    ):
        assert sentence in text
    assert text.index("Professionals' advice line") < text.index("At all other times")


def test_a_number_for_some_dates_is_printed_beside_the_usual_one(printed, tmp_path, clock):
    direct = tmp_path / "direct.yaml"
    text = re.sub(r"    number: 01632 960100.*\n", "", ANYSHIRE.read_text("utf-8"))
    direct.write_text(text.replace("internal", "public"))
    services, _, lines = words(printed(direct)).partition("Relay UK")

    assert "(Festive number): call 01632 960009" in services
    assert "30 December 2026 (Festive number) 8:30am to 5pm, call 01632 960009" in lines
    clock.set("2026-10-26T12:00:00Z")
    assert "01632 960009" not in words(printed(direct))


def test_a_line_of_two_services_has_its_large_number_once(printed):
    page = printed(ROOT / "examples/western-trust.yaml")
    numbers = re.findall(r'class="number"><a[^>]*>([^<]+)', page)

    assert len(numbers) == len(set(numbers))


def test_an_unconfirmed_service_is_marked(printed):
    assert "Not yet confirmed by the council." in printed(ROOT / "directory.yaml")
    assert "Not yet confirmed by the council." not in printed()


def test_any_language_of_the_directory_can_be_printed(printed):
    swansea = ROOT / "examples" / "swansea.yaml"
    welsh = printed(swansea)

    for text in (
        *("Cyngor Abertawe", "Ar bob adeg arall, Gweithiwr cymdeithasol ar alwad"),
        "Gwnaed ddydd Llun 23 Tachwedd 2026.",
        *(f"<{tag}>Dydd Gwener 25 Rhagfyr 2026, Dydd Nadolig</{tag}>" for tag in ("dt", "li")),
    ):
        assert text in welsh
    assert "Swansea Council" in printed(swansea, "--lang", "en")


def test_the_output_file_is_written_completely_or_not_at_all(make_app, tmp_path):
    run = make_app(ANYSHIRE).test_cli_runner()
    path = tmp_path / "page.html"
    answer = run.invoke(args=["directory", "print", "--output", str(path)])
    failed = run.invoke(args=["directory", "print", "--output", str(tmp_path / "no" / "page.html")])

    assert answer.exit_code == 0
    assert path.read_text("utf-8").rstrip().endswith("</html>")
    assert (failed.exit_code, "Traceback" in failed.output) == (1, False)
    assert [file.name for file in tmp_path.glob("*.html")] == ["page.html"]


def test_a_season_is_printed_once_and_its_dates_are_not_listed(printed):
    text = words(printed(ROOT / "examples/seasons.yaml"))

    assert "Monday 28 December 2026, Boxing Day (substitute day)" in text
    assert text.count("(Winter hours): 9am to 4:30pm, on days when it usually opens") == 1
    assert "Monday 7 December 2026" not in text
    assert "Wednesday 2 December 2026 (Team training) 1pm to 4:30pm" in text
