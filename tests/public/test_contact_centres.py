"""What docs/contact-centres.md has a council paste, against this service at night.

The other side is a stand-in: it does with the answer what that side's documentation says.
"""

import json
import re

import pytest
from conftest import ANYSHIRE, ROOT
from jsonschema import Draft202012Validator
from stub_server import running
from werkzeug.serving import make_server

PAGE = (ROOT / "docs" / "contact-centres.md").read_text()
NIGHT = "2026-11-23T20:00:00Z"
EDS, MANAGER, STATIC = "+441632960002", "+447700900001", "+441632960999"
BEARER = {"Authorization": "Bearer exchange"}


def fences(language, heading=""):
    """Return the code of a section of the page, in one language."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0] if heading else PAGE
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


@pytest.fixture
def url(make_app, clock, tmp_path):
    """Serve Anyshire at night over HTTP, with a menu on its night line; return the address."""
    clock.set(NIGHT)
    text = ANYSHIRE.read_text().replace(
        "    phone: 01632 960002\n", "    phone: 01632 960002\n    send_digits: ww1\n"
    )
    (tmp_path / "menu.yaml").write_text(text)
    app = make_app(tmp_path / "menu.yaml", EXCHANGE_TOKEN="exchange")
    with running(make_server("127.0.0.1", 0, app)) as server:
        yield server.base


def test_the_answer_is_as_the_page_shows_it(anyshire, clock):
    clock.set(NIGHT)
    headers = {**BEARER, "Accept": "application/json"}
    answer = anyshire.get("/api/v1/services/children/numbers", headers=headers)

    assert answer.json == json.loads(fences("json")[0])


@pytest.fixture
def invoke(monkeypatch):
    """Invoke the Lambda function as a contact flow does."""
    [code] = fences("python", "Amazon Connect")
    names = {}
    exec(compile(code, "lambda", "exec"), names)

    def invoke(url, token="exchange", service="children"):
        settings = {"WHO_TO_CALL": url, "EXCHANGE_TOKEN": token, "STATIC_NUMBER": STATIC}
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        return names["handler"]({"Details": {"Parameters": {"service": service}}}, None)

    return invoke


def test_amazon_connect_gets_each_number_how_long_to_ring_and_what_to_press_as_strings(invoke, url):
    assert invoke(url) == {
        "number1": EDS,
        "seconds1": "25",
        "digits1": ",,1",
        "number2": MANAGER,
        "seconds2": "40",
        "digits2": "",
    }


@pytest.mark.parametrize(
    ("base", "token", "service"),
    [
        ("{url}", "wrong", "children"),
        ("{url}", "exchange", "nope"),
        ("{url}/nowhere", "exchange", "children"),
        ("http://127.0.0.1:9", "exchange", "children"),
    ],
    ids=["wrong token", "unknown service", "wrong address", "service down"],
)
def test_amazon_connect_gets_the_static_number_where_there_is_no_answer(
    invoke, url, base, token, service
):
    result = invoke(base.format(url=url), token, service)

    assert result == {"number1": STATIC, "seconds1": "55", "digits1": ""}


def genesys(answer, response):
    """Translate an answer as Genesys Cloud does: paths, defaults where one leads nowhere."""
    values = dict(response["translationMapDefaults"])
    for name, path in response["translationMap"].items():
        value = answer
        try:
            for step in re.findall(r"\w+", path):
                value = value[int(step) if step.isdigit() else step]
        except (KeyError, IndexError):
            continue
        values[name] = json.dumps(value)
    text = re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], response["successTemplate"])
    return json.loads(text)


@pytest.mark.parametrize(
    ("service", "at", "numbers"),
    [
        ("children", NIGHT, (EDS, MANAGER, "")),
        ("children", "2026-11-23T12:00:00Z", ("+441632960001", MANAGER, "")),
        ("professionals", NIGHT, (EDS, "", "")),  # it fails over: nobody else is to be rung
    ],
)
def test_genesys_cloud_gets_numbers_that_fit_its_contract(anyshire, clock, service, at, numbers):
    clock.set(at)
    contract, action = map(json.loads, fences("json", "Genesys Cloud"))
    path = action["request"]["requestUrlTemplate"].replace("${input.service}", service)
    headers = {
        name: value.replace("${credentials.token}", "exchange")
        for name, value in action["request"]["headers"].items()
    }
    answer = anyshire.get(path.partition("example")[2], headers=headers)

    output = genesys(answer.json, action["response"])

    Draft202012Validator(contract).validate(output)
    assert tuple(output[f"number{place}"] for place in (1, 2, 3)) == numbers


def test_twilio_studio_gets_numbers_in_one_line_that_its_filters_split(client):
    [path] = re.findall(r"https://who\.anyshire\.example(/\S+separator=,)", PAGE)
    first, second = fences("liquid", "Twilio Studio")[0].splitlines()
    number = client.get(path.replace("numbers?separator=,", "number")).text.strip()

    assert first == '{{ widgets.who.body | split: "," | first }}'
    assert second == '{% assign numbers = widgets.who.body | split: "," %}{{ numbers[1] }}'
    assert client.get(path).text.split(",")[0] == number


def test_an_exchange_cuts_each_number_out_of_one_line(anyshire, clock):
    """Asterisk's CUT counts from 1 and gives nothing past the end."""
    clock.set(NIGHT)
    recipe = (ROOT / "docs" / "exchanges.md").read_text()
    [path] = re.findall(r"^WHO=http://127\.0\.0\.1:8000(\S+)$", recipe, re.MULTILINE)
    fields = anyshire.get(path, headers=BEARER).text.split("-")
    refusal = anyshire.get(path).text

    assert "${CUT(numbers,-,${turn})}" in recipe
    assert fields == [EDS, MANAGER]
    assert not refusal.startswith("+")
