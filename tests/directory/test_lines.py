"""What a directory may say of a line besides its number and hours."""

import pytest
from conftest import ROOT

from routing.directory.load import parse
from routing.errors import InvalidDirectory

TEXT = (ROOT / "tests/data/cases/g10-textphone.yaml").read_text()
TEXT_PHONE = "    text: 07700 900002\n"


def mash(entry):
    directory, _ = parse(TEXT.replace(TEXT_PHONE, f"    {entry}\n"), "d.yaml")
    return directory.line("mash")


def problem_of(entry):
    with pytest.raises(InvalidDirectory) as caught:
        mash(entry)
    (problem,) = caught.value.problems
    assert problem.line == TEXT[: TEXT.index(TEXT_PHONE)].count("\n") + 1
    return problem.message


def test_other_ways_to_reach_a_line_have_a_number_or_an_address():
    text, bsl = mash(
        "also: [{kind: text, phone: 07700 900002}, {kind: bsl, url: https://bsl.example}]"
    ).also

    assert (text.kind, text.phone.e164, text.url) == ("text", "+447700900002", None)
    assert (bsl.kind, bsl.phone, bsl.url) == ("bsl", None, "https://bsl.example")


@pytest.mark.parametrize(
    ("entry", "remedy"),
    [
        ("also: [{kind: bsl, phone: 01632 960011, url: https://x.example}]", "delete `phone`"),
        ("also: [{kind: text, phone: 01632 960011, url: https://x.example}]", "delete `url`"),
        ("also: [{kind: chat, phone: 01632 960011}]", "Write `url`, and delete `phone`"),
        ("also: [{kind: textphone}]", "needs a `phone`. Add it."),
        ("also: [{kind: fax, phone: 01632 960011}]", "Write text or chat or relay or another"),
        ("also: [{kind: relay, phone: 18001 01632 960001}]", "Write 01632 960001: `relay_uk: yes`"),
        ("send_digits: press 1", "Write digits, * and #, and w"),
        ("send_digits: 1,2", "ww1ww2"),
        ("text: 07700 900002", "the key 'text' is not known"),
    ],
)
def test_what_cannot_be_used_is_an_error_that_says_what_to_write(entry, remedy):
    assert remedy in problem_of(entry)


@pytest.mark.parametrize("digits", ["ww1ww2", "1", '"*#0"', '"#"'])
def test_digits_to_press_are_kept_as_written(digits):
    assert mash(f"send_digits: {digits}").send_digits == digits.strip('"')


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("(01632) 960011", "(01632) 960011"),
        ("+44 1632 960011", "+44 1632 960011"),
        ("44 1632 960011", "01632 960011"),
        ("0044 1632 960011", "01632 960011"),
        ("+44 (01632) 960011", "01632 960011"),
        ("+353 (0)1 234 5678", "+353 1 234 5678"),
    ],
)
def test_a_number_is_shown_as_written_if_it_can_be_dialled_so(written, shown):
    phone = mash(f"also: [{{kind: text, phone: {written}}}]").also[0].phone

    assert phone.display == shown
    assert "44" not in phone.relay_uk_display
