"""The printed page: every number and its hours, true however long it hangs on a wall."""

import re
from html.parser import HTMLParser

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


class Text(HTMLParser):
    """The text of a page, and whatever it would fetch."""

    def __init__(self, page):
        super().__init__()
        self.words, self.fetched, self.quiet = [], [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.quiet = tag == "style"
        named = dict(attrs)
        if tag in ("script", "link", "img", "iframe"):
            self.fetched.append(tag)
        links = [value for key, value in named.items() if key in ("src", "href")]
        self.fetched += [link for link in links if not link.startswith(("tel:", "sms:"))]

    def handle_data(self, data):
        if not self.quiet:
            self.words.append(data.strip())


def words(page):
    return " ".join(" ".join(filter(None, Text(page).words)).split())


@pytest.mark.parametrize("path", [ROOT / "directory.yaml", *EXAMPLES], ids=lambda path: path.stem)
def test_the_printed_page_has_every_service_line_and_helpline_and_fetches_nothing(
    printed, make_app, path
):
    page = printed(path)
    text = words(page)
    app = make_app(path)
    with app.app_context():
        directory = lookup.snapshot().directory
    language = directory.languages[0]

    assert Text(page).fetched == []
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
        "01632 960100 Call at any hour.",
        "At all other times, Emergency Duty Service (EDS) 01632 960002",
        "Monday to Thursday: 8:30am to 5pm; Friday: 8:30am to 4:30pm; Saturday and Sunday: closed; "
        "Bank holidays: closed.",
    ):
        assert sentence in text
    assert text.index("Professionals' advice line") < text.index("At all other times")


def test_a_number_for_some_dates_is_printed_beside_the_usual_one(printed, tmp_path, clock):
    direct = tmp_path / "direct.yaml"
    text = ANYSHIRE.read_text("utf-8")
    direct.write_text(
        re.sub(r"    number: 01632 960100.*\n", "", text).replace("internal", "public")
    )
    services = words(printed(direct)).partition("Relay UK")[0]

    assert "(Festive number): call 01632 960009" in services
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

    assert "Cyngor Abertawe" in printed(swansea)
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


def test_a_broken_directory_is_printed_from_its_last_good_copy(make_app, tmp_path):
    path = tmp_path / "directory.yaml"
    path.write_text(ANYSHIRE.read_text())
    make_app(path).test_cli_runner().invoke(args=["who"])
    path.write_text("services: [")
    answer = make_app(path).test_cli_runner().invoke(args=["directory", "print"])

    assert answer.exit_code == 0
    assert "01632 960100" in answer.output


def test_the_bank_holidays_ahead_are_listed(printed, clock):
    clock.set("2027-02-01T12:00:00Z")
    text = words(printed(ROOT / "directory.yaml"))

    assert "Bank holidays to Sunday 28 March 2027" in text
    assert "Friday 26 March 2027, Good Friday" in text


def test_a_season_is_printed_once_and_its_dates_are_not_listed(printed):
    text = words(printed(ROOT / "examples/seasons.yaml"))

    assert "Monday 28 December 2026, Boxing Day (substitute day)" in text
    assert text.count("(Winter hours): 9am to 4:30pm, on days when it usually opens") == 1
    assert "(Winter hours)" not in text.partition("Other hours or another number:")[2]
    assert "Wednesday 2 December 2026 (Team training) 1pm to 4:30pm" in text
