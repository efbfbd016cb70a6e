"""The JSON Schema for editors: true to the schema, and to what an editor of YAML 1.2 sees."""

import json

import jsonschema
import pytest
import ruamel.yaml
from conftest import ANYSHIRE, ROOT
from directory.test_load import SEEN_BY_EDITORS
from sweep import EXAMPLES

from routing.directory.load import parse
from routing.directory.schema import json_schema
from routing.errors import InvalidDirectory

FILE = ROOT / "routing" / "directory.schema.json"
GOOD = ANYSHIRE.read_text()
VALIDATOR = jsonschema.Draft202012Validator(json.loads(FILE.read_text("utf-8")))


class Core(ruamel.yaml.constructor.SafeConstructor):
    """YAML 1.2's core schema, as editors read it: it has no dates."""


Core.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)


def schema_errors(text):
    """Return what an editor that reads YAML 1.2 would underline."""
    reader = ruamel.yaml.YAML(typ="safe", pure=True)
    reader.Constructor = Core
    return list(VALIDATOR.iter_errors(reader.load(text)))


def test_the_file_is_up_to_date():
    assert FILE.read_text("utf-8") == json_schema(), (
        "Run: bin/who-to-call directory schema > routing/directory.schema.json"
    )


@pytest.mark.parametrize("path", [ROOT / "directory.yaml", *EXAMPLES], ids=lambda path: path.stem)
def test_a_directory_names_the_schema_where_it_is_and_is_as_it_says(path):
    text = path.read_text("utf-8")
    _, _, location = text.splitlines()[0].partition("$schema=")

    assert (path.parent / location).resolve() == FILE
    assert schema_errors(text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("phone: 01632 960001", "phone: 01632960001"),
        ("phone: 01632 960001", "phone: +441632960001"),
        ("relay_uk: yes", "relay_uk: true"),
        ("relay_uk: yes", "relay_uk: No"),
        ("name: Duty manager", "name: 24"),
        ("name: Duty manager", "name: {en: Duty manager}"),
        ("mon-thu: 08:30-17:00", "mon,tue-thu: 08:30-12:00, 12:30 - 17:00"),
        ("hours: closed", "hours: always"),
    ],
)
def test_an_editor_accepts_what_the_service_reads(old, new):
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    parse(text, "x")

    assert schema_errors(text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((old, new) for old, new, *_ in SEEN_BY_EDITORS),
        ("ring_seconds: 25 ", "ring_seconds: 301 "),
        ('colour: "#1d4f91"', "colour: blue"),
        ("lines: [mash] ", "lines: [] "),
        ("website: ", "site: "),
        ("  mash:\n", "  MASH:\n"),
        ("phone: 01632 960001", "phone: ring us"),
        ("logo: static/logo.svg", "logo:"),
    ],
)
def test_an_editor_underlines_a_mistake_that_the_service_refuses(old, new):
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    with pytest.raises(InvalidDirectory):
        parse(text, "x")

    assert schema_errors(text)
