"""Broken directories: each is reported with a place and a remedy."""

import random
import re
from datetime import UTC, datetime

import pytest
import yaml
from conftest import ANYSHIRE, ROOT

from routing.directory.load import parse
from routing.errors import InvalidDirectory
from routing.lint import check

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD = [ANYSHIRE, *(ROOT / "examples" / f"{name}.yaml" for name in ("swansea", "wiltshire"))]
REMEDY = re.compile(
    r"\b(Write|Add|Begin|Did you mean|Start|Save|Delete|Leave|Keep|Check|Indent|The keys|Put|type"
    r"|delete|Correct|Finish|Take|Give|Name|write|give)\b"
)


def indented(text, draw):
    lines = text.splitlines()
    n = draw.randrange(len(lines))
    lines[n] = " " * draw.choice((1, 3, 5)) + lines[n]
    return "\n".join(lines)


def cut(text, draw):
    return text[: draw.randrange(len(text) * 3 // 4)]


def places(node, path):
    if path:
        yield path, node
    items = node.items() if isinstance(node, dict) else enumerate(node)
    if isinstance(node, dict | list):
        for key, value in items:
            yield from places(value, (*path, key))


def placed(node, path, value):
    """Return a tree with another value at a path."""
    if not path:
        return value
    key, *rest = path
    if isinstance(node, dict):
        return {k: placed(v, rest, value) if k == key else v for k, v in node.items()}
    return [placed(v, rest, value) if n == key else v for n, v in enumerate(node)]


WRONG_VALUES = {
    "a list": ["a", "list"],
    "a list of mappings": [{"a": ["b"]}],
    "a mapping": {"a": {"mapping": ["of", "things"]}},
    "a mapping by language": {"en": ["x"]},
    "nothing": "",
    "a number of 400 digits": "1" * 400,
}


WHOLE = {
    "empty": b"",
    "blank": b" \n\n",
    "a remark": b"# nothing yet\n",
    "null": b"null\n",
    "a number": b"42\n",
    "a list": b"- a\n- b\n",
    "a text": b"closed\n",
    "binary": bytes(range(256)) * 20,
    "zeros": b"\0" * 4096,
    "UTF-16": ANYSHIRE.read_text().encode("utf-16"),
    "Latin-1": ANYSHIRE.read_text().replace("Anyshire", "Sir Fôn").encode("latin-1"),
    "huge": b"a: " + b"x" * 1_100_000,
    "long": b"# remark\n" * 120_000,
    "deep": b"[" * 3000 + b"]" * 3000,
    "open brackets": b"[" * 5000,
    "a line separator": b"\xe2\x80\xa8: x",
    "a line that is a text": b"lines: {a: b}",
    "a list of services": b"services: []",
    "deep mappings": b"".join(b" " * n + b"a:\n" for n in range(60)),
    "two documents": ANYSHIRE.read_bytes() + b"\n---\n" + ANYSHIRE.read_bytes(),
    "bomb": b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n",
    "a picture": b"\x89PNG\r\n\x1a\n" + b"\xff" * 200,
    "JSON": b'{"council": {"name": "A"}}',
    "a web page": b"<!doctype html><title>404</title>",
    "a conflict": b"<<<<<<< HEAD\n" + ANYSHIRE.read_bytes() + b"\n=======\n>>>>>>> other\n",
}


def errors_of(file, content):
    file.write_bytes(content)
    problems, _ = check(file, file.parent, AT)
    return [problem for problem in problems if problem.level == "error"]


def test_every_broken_directory_is_told_with_a_place_and_a_remedy(tmp_path):
    draw, file = random.Random(20261123), tmp_path / "directory.yaml"
    broken = {name: errors_of(file, content) for name, content in WHOLE.items()}
    for kind in (indented, cut):
        while sum(name.startswith(kind.__name__) for name in broken) < 12:
            text = kind(draw.choice(GOOD).read_text(), draw)
            if errors := errors_of(file, text.encode()):  # a change may leave a valid file
                broken[f"{kind.__name__}: {text}"] = errors

    for name, problems in broken.items():
        assert problems, name
        for problem in problems:
            assert min(problem.line, problem.column) >= 1, (name, problem)
            assert REMEDY.search(problem.message), (name, problem)


@pytest.mark.parametrize("value", WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_whatever_stands_in_the_place_of_a_value_is_used_or_reported_with_its_line(value):
    tree = yaml.load(ANYSHIRE.read_text(), yaml.CBaseLoader)
    reported = 0
    for path, _ in places(tree, ()):
        text = yaml.dump(placed(tree, path, value), Dumper=yaml.CSafeDumper, sort_keys=False)
        try:
            parse(text, ANYSHIRE)
        except InvalidDirectory as error:
            reported += 1
            for problem in error.problems:
                assert problem.line >= 1, (path, problem)
                assert REMEDY.search(problem.message), (path, problem)

    assert reported > 80
