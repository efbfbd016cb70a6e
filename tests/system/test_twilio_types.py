"""Every document for Twilio, held against the types and the output of Twilio's own library.

Each document is written again as a program that calls twilio-node. TypeScript's compiler checks
each attribute, voice and language by the library's types; then the program runs, which fails on an
unknown verb, and what the library writes must be the same document.
"""

import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from datetime import timedelta
from itertools import count, product
from pathlib import Path

import pytest
from conftest import ROOT
from telephone import BASE, TOKEN, Telephone

HERE = Path(__file__).parent / "twilio_types"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "who-to-call-twilio"
DIRECTORIES = [ROOT / "directory.yaml", *sorted((ROOT / "examples").glob("*.yaml"))]
CALLS = {
    "2026-11-23T12:00:00Z": "no-answer",
    "2026-11-23T22:00:00Z": "busy",
    "2026-12-25T12:00:00Z": "completed",
}
"""When a call comes, and how each line that it rings ends."""
NUMERIC_ATTRIBUTES = {"timeout", "length", "numDigits"}


@pytest.fixture(scope="module")
def library():
    """Return a folder with twilio-node and TypeScript, as the lock file pins them."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm")
    lock = (HERE / "package-lock.json").read_text()
    if not (CACHE / "lock").exists() or (CACHE / "lock").read_text() != lock:
        CACHE.mkdir(parents=True, exist_ok=True)
        for file in HERE.iterdir():
            shutil.copy(file, CACHE)
        done = subprocess.run(["npm", "ci", "--silent", "--ignore-scripts"], cwd=CACHE, check=False)
        if done.returncode:
            pytest.skip("npm cannot fetch twilio and typescript")
        (CACHE / "lock").write_text(lock)
    return CACHE


@pytest.fixture
def documents(make_app, made, clock, tmp_path):
    """Return every different document of calls and texts, over every directory of the project."""
    menus = tmp_path / "menus.yaml"
    text = (ROOT / "examples" / "anyshire.yaml").read_text()
    menus.write_text(text.replace("    phone: 0", "    send_digits: ww1#\n    phone: 0"))
    (tmp_path / "instance").mkdir()
    shutil.copy(made, tmp_path / "instance" / made.name)
    documents, numbers = set(), count()
    for directory in [*DIRECTORIES, menus]:
        app = make_app(directory, TWILIO_AUTH_TOKEN=TOKEN, PUBLIC_BASE_URL=BASE)
        client = app.test_client()
        services = [service["id"] for service in client.get("/api/v1/services").json["services"]]
        for service, (at, ending) in product(services, CALLS.items()):
            clock.set(at)
            documents |= set(play(Telephone(client), clock, service, ending, next(numbers)))
        for service in services:
            documents.add(app.test_cli_runner().invoke(args=["twilio", "fallback", service]).output)
    return sorted(documents)


def play(twilio, clock, service, ending, number):
    """Yield each document of a call in which every line ends so, and of a text."""
    sid = f"call {number}"
    yield twilio.texts(caller=f"+447700900{number:03}", service=service).text
    document = twilio.call(sid, service=service)
    yield document.text
    while document.dial is not None:
        if document.dial.find("Number").get("url"):
            yield twilio.picked_up(document, sid).text
            yield twilio.picked_up(document, sid, "1").text
        clock.at += timedelta(minutes=1)
        document = twilio.ends(document, sid, ending)
        yield document.text


def program(documents):
    """Return TypeScript that makes every document with twilio-node, and prints them as JSON."""
    lines = [
        'import VoiceResponse = require("twilio/lib/twiml/VoiceResponse");',
        'import MessagingResponse = require("twilio/lib/twiml/MessagingResponse");',
        "const documents: string[] = [];",
    ]
    for document in documents:
        root = ET.fromstring(document)
        kind = "Messaging" if root.find("Message") is not None else "Voice"
        lines.append(f"{{ const verb0 = new {kind}Response();")
        lines += _calls(root, 0)
        lines.append("documents.push(verb0.toString()); }")
    return "\n".join([*lines, "console.log(JSON.stringify(documents));", ""])


def _calls(parent, depth):
    for verb in parent:
        attributes = {
            name: int(value) if name in NUMERIC_ATTRIBUTES else {"true": True}.get(value, value)
            for name, value in verb.attrib.items()
        }
        arguments = [json.dumps(attributes)]
        if verb.text:
            arguments.append(json.dumps(verb.text))
        name = verb.tag[0].lower() + verb.tag[1:]
        if verb.tag == "Hangup":
            arguments = []
        yield f"{{ const verb{depth + 1} = verb{depth}.{name}({', '.join(arguments)});"
        yield from _calls(verb, depth + 1)
        yield "}"


WRONG = {
    "answeronbridge": '<Dial answeronbridge="true"><Number>+441632960001</Number></Dial>',
    "Gwynneth": '<Say voice="Polly.Gwynneth" language="cy-GB">Helo</Say>',
    '"cy"': '<Say language="cy">Helo</Say>',
    "senddigits": '<Dial><Number senddigits="1">+441632960001</Number></Dial>',
}
"""Documents that Twilio would obey in part, by what their programs have in the wrong line."""


def test_twilios_own_library_would_write_every_document_the_same_and_no_other(library, documents):
    wrong = program([f"<Response>{verbs}</Response>" for verbs in WRONG.values()])
    (library / "documents.ts").write_text(program(documents))
    (library / "wrong.ts").write_text(wrong)
    options = "--strict --skipLibCheck --esModuleInterop --module commonjs --target es2022"
    compiler = ["node_modules/.bin/tsc", *options.split(), "documents.ts", "wrong.ts"]
    compiled = subprocess.run(compiler, cwd=library, capture_output=True, text=True, check=False)
    for number, line in enumerate(wrong.splitlines(), 1):
        is_wrong = any(name in line for name in WRONG)
        assert (f"wrong.ts({number}," in compiled.stdout) is is_wrong, line
    assert "documents.ts(" not in compiled.stdout

    written = subprocess.run(
        ["node", "documents.js"], cwd=library, capture_output=True, text=True, check=True
    )
    assert len(documents) > 200
    for document, again in zip(documents, json.loads(written.stdout), strict=True):
        assert ET.canonicalize(again) == ET.canonicalize(document)
