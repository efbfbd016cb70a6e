"""What the documentation says of the tests is so."""

import re

import pytest
from conftest import ROOT

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_file_that_a_page_names_exists(page):
    names = re.findall(r"`(?:tests/)?([\w/]*test_\w+\.py)`", page.read_text("utf-8"))

    assert [name for name in names if not (ROOT / "tests" / name).exists()] == []
