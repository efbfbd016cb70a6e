"""Programs of others: generated clients, what contact centres paste, checkers of our files."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import serving
from conftest import ANYSHIRE, ROOT

from proof import table

HERE = Path(__file__).parent / "generated_clients"
SPEC = ROOT / "routing" / "public" / "openapi.json"
PAGE = ROOT / "docs" / "contact-centres.md"
TOKEN = "exchange"
STRICT = "--strict --skipLibCheck --module nodenext --moduleResolution nodenext --target es2022"


CHECKS = {
    "openapi.json": "npx --yes @redocly/cli@2 lint routing/public/openapi.json",
    "openapi.json, its form": "openapi-spec-validator routing/public/openapi.json",
    "Dockerfile": "hadolint Dockerfile",
    "alert rules": "promtool check rules deploy/prometheus/who-to-call.yml",
    "cases of the alert rules": "promtool test rules deploy/prometheus/who-to-call.test.yml",
}
"""What is read: the command that reads it, and whose exit status is 0 where it finds nothing."""


def run(folder, *command, **environ):
    """Run a command in a folder. Return what it prints."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def python_client(folder, url):
    """Generate a client with openapi-python-client; return the operations that it called."""
    run(folder, sys.executable, "-m", "venv", "venv")
    binaries = folder / "venv" / "bin"
    requirements = str(HERE / "requirements.txt")
    run(folder, binaries / "pip", "install", "-q", "--require-hashes", "-r", requirements)
    generate = ["generate", "--path", str(SPEC), "--output-path", "generated", "--meta", "none"]
    path = f"{binaries}:{os.environ['PATH']}"
    run(folder, binaries / "openapi-python-client", *generate, PATH=path)
    (folder / "call.py").write_text((HERE / "call.py").read_text())
    return run(folder, binaries / "python", "call.py", url, TOKEN, str(SPEC)).splitlines()


def typescript_client(folder, url):
    """Generate types with openapi-typescript; return the operations called by them."""
    for name in ("package.json", "package-lock.json", "call.ts"):
        (folder / name).write_text((HERE / name).read_text())
    run(folder, "npm", "ci", "--silent", "--ignore-scripts")
    run(folder, "node_modules/.bin/openapi-typescript", str(SPEC), "-o", "schema.d.ts")
    run(folder, "node_modules/.bin/tsc", *STRICT.split(), "call.ts")
    return run(folder, "node", "call.js", url, TOKEN).splitlines()


def twilio_function(folder, url):
    """Run the page's Twilio Function under Node.js; return what a flow gets."""
    [code] = re.findall(r"^```js\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (folder / "function.js").write_text(code)
    context = {"WHO_TO_CALL": url, "EXCHANGE_TOKEN": TOKEN, "STATIC_NUMBER": "+441632960002"}
    script = (
        f"require('./function.js').handler({json.dumps(context)}, {{}}, (error, result) => "
        "console.log(JSON.stringify(result)))"
    )
    return json.loads(run(folder, "node", "-e", script).splitlines()[-1])


def liquid_numbers(folder, url):
    """Render the page's expressions for Twilio Studio; return the numbers that they give."""
    [code] = re.findall(r"^```liquid\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    body = "+441632960002,+447700900001"
    script = (
        "import json, sys; from liquid import Environment\n"
        "for line in sys.argv[2].splitlines():\n"
        "    template = Environment().from_string(line)\n"
        "    print(template.render(widgets={'who': {'body': sys.argv[1]}}))\n"
    )
    return run(folder, folder / "venv" / "bin" / "python", "-c", script, body, code).split() == (
        body.split(",")
    )


def prove_clients():
    """Prove that clients which others generate can call everything."""
    operations = [
        operation["operationId"]
        for path in json.loads(SPEC.read_text())["paths"].values()
        for operation in path.values()
    ]
    with tempfile.TemporaryDirectory() as name:
        folder, environ = Path(name), {"EXCHANGE_TOKEN": TOKEN}
        (folder / "directory.yaml").write_text(ANYSHIRE.read_text())
        with serving.Server(folder, **environ) as server:
            url = server.base
            calls = {
                "openapi-python-client": python_client(folder, url),
                "openapi-typescript and openapi-fetch": typescript_client(folder, url),
            }
            function = twilio_function(folder, url)
            down = twilio_function(folder, "http://127.0.0.1:9")
        splits = liquid_numbers(folder, url)
    missing = {
        client: sorted(set(operations) - {line.split()[0] for line in lines})
        for client, lines in calls.items()
    }
    rows = [(client, len(lines), ", ".join(missing[client])) for client, lines in calls.items()]
    text = (
        f"{table((f'of {len(operations)} operations', 'called', 'not called'), rows)}\n\n"
        f"- the Twilio Function in Node.js: {json.dumps(function)}; while the service is down: "
        f"{json.dumps(down)}\n- the Liquid for Twilio Studio splits two numbers: "
        f"{'yes' if splits else 'no'}\n"
    )
    is_wrong = any(missing.values()) or not splits
    return text, is_wrong or "number1" not in function or down.get("number1") != "+441632960002"


def prove_standards():
    """Prove that checkers of others are here, and find nothing in what this project publishes."""
    rows, path = [], f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for subject, command in CHECKS.items():
        try:
            run(ROOT, *command.split(), PATH=path)
            result = "0 findings"
        except (OSError, RuntimeError) as error:
            result = f"`{error}`"
        rows.append((subject, f"`{command}`", result))
    return table(("what", "read by", "found"), rows), any(row[2] != "0 findings" for row in rows)
