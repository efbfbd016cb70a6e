"""What the documentation says of the tests, the commands and the settings is so."""

import re

import click
from conftest import ANYSHIRE, ROOT

from routing import cli, config

PAGES = {
    page: page.read_text("utf-8") for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
}
"""Each page, with its text."""

README = (ROOT / "README.md").read_text("utf-8")

COMMAND = re.compile(
    r"(?:^ *|`|\| |\$\()(?:bin/|\.venv/bin/)?(?:who-to-call|flask) ([a-z][^`\n|;<>#&)]*)", re.M
)
"""A command in a fence or in backticks, with its words."""


def test_every_test_file_that_a_page_names_exists_and_every_file_that_it_links_to():
    named = [
        (page.name, name)
        for page, text in PAGES.items()
        for name in re.findall(r"`(?:tests/)?([\w/]*test_\w+\.py)`", text)
        if not (ROOT / "tests" / name).exists()
    ]
    linked = [
        (page.name, link)
        for page, text in PAGES.items()
        for link in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", text)
        if not (page.parent / link).exists()
    ]

    assert (named, linked) == ([], [])


def test_every_file_and_name_that_tells_where_to_add_something_exists():
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    table = page.partition("## Where to add")[2].partition("## Rules")[0]
    terms = set(re.findall(r"`([\w./]+)`", table))
    files = {term for term in terms if re.search(r"\.(py|html|md|json|yaml|env)$", term)}
    names = {term for term in terms - files if "/" not in term}
    patterns = ("routing/**/*.py", "routing/**/*.html", "tests/**/*.py")
    tree = {path: path.read_text("utf-8") for glob in patterns for path in ROOT.glob(glob)}
    paths = [str(path) for path in (*tree, *ROOT.glob("*/*.*"), *ROOT.glob("routing/*.json"))]

    assert [file for file in files if not any(path.endswith(f"/{file}") for path in paths)] == []
    assert [name for name in names if not re.search(rf"\b{name}\b", "".join(tree.values()))] == []


def test_every_test_that_the_threat_model_names_exists():
    named = re.findall(r"`(test_\w+)`", (ROOT / "docs/threat-model.md").read_text("utf-8"))
    files = (ROOT / "tests").rglob("test_*.py")
    tests = re.findall(r"^def (test_\w+)", "\n".join(file.read_text() for file in files), re.M)

    assert named
    assert set(named) - set(tests) == set()


def test_every_command_that_a_page_names_exists_with_its_options():
    unknown = []
    for page, text in PAGES.items():
        code = re.findall(r"^ *```.*?^ *```|`[^`\n]+`", text, re.M | re.S)
        commands = COMMAND.findall("\n".join(code).replace("\\\n", " "))
        unknown += [(page.name, words) for words in commands if not command_exists(words)]

    assert unknown == []


def test_every_option_that_a_page_names_alone_is_one_of_some_command():
    known = set(all_options(cli.all_commands()))
    named = {
        (page.name, option)
        for page, text in PAGES.items()
        for option in re.findall(r"`(--[a-z-]+)[^`]*`", text)
    }

    assert [(page, option) for page, option in named if option not in known] == []


def all_options(command):
    """Yield every option of a command, and of the commands of a group."""
    for parameter in command.params:
        yield from parameter.opts
    for name in getattr(command, "commands", ()):
        yield from all_options(command.commands[name])


def command_exists(text):
    """Return whether these words begin with a command, and each option among them is one of its."""
    command, words = cli.all_commands(), text.split()
    while words and isinstance(command, click.Group):
        names = words[0].split("/")
        if not set(names) <= set(command.commands):
            return False
        command, words = command.commands[names[0]], words[1:]
    options = {option for parameter in command.params for option in parameter.opts}
    return {word for word in words if word.startswith("--")} <= options | {"--help"}


def test_every_setting_is_in_the_table_and_nothing_else():
    page = (ROOT / "docs/settings.md").read_text("utf-8")
    first_cells = " ".join(re.findall(r"^\| (`[^|]+) \|", page, re.M))
    names = {"CLOCK_STARTED_AT", *re.findall(r"`([A-Z_0-9]+)`", first_cells)}

    assert names - {"HOST", "PORT", "WEB_CONCURRENCY"} == config.SETTINGS.keys()


def test_every_address_that_the_readme_asks_is_answered(make_app):
    client = make_app().test_client()
    addresses = re.findall(r'curl "?http://127\.0\.0\.1:8000([^\s"]+)', README)

    assert len(addresses) >= 3
    assert {client.get(address).status_code for address in addresses} == {200}


def test_the_readme_counts_the_examples():
    numbers = {17: "seventeen", 18: "eighteen", 19: "nineteen", 20: "twenty"}
    invented = {ANYSHIRE.name, "seasons.yaml"}
    examples = {path.name for path in (ROOT / "examples").glob("*.yaml")} - invented

    assert f"has {numbers[len(examples)]} councils' published hours" in " ".join(README.split())


def test_the_licence_of_every_package_is_listed():
    pins = (ROOT / "requirements.txt").read_text("utf-8")
    page = (ROOT / "docs/licences.md").read_text("utf-8")
    listed = set(re.findall(r"[\w-]+", page))

    assert set(re.findall(r"^([a-z0-9-]+)(?:\[\w+\])?==", pins, re.M)) - listed == set()
