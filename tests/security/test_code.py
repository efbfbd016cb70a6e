"""The code itself, searched by other people's tools: for what is dangerous, and for secrets."""

import json
import re
import subprocess
import sys

import pytest
from conftest import ROOT
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

KNOWN = {
    ("formats/printed.py", "B704"): "the style sheet of our own, from a file beside the code",
    ("public/context.py", "B704"): "what a renderer that lets no HTML through has written",
    ("staff/auth.py", "B105"): "the word under which a session keeps its token",
    ("store/accounts.py", "B105"): "None, in the place of a password that is gone",
    ("store/migrations/versions/0003_rota.py", "B608"): "names of our own tables",
}
"""What bandit finds and why it is none: a file and a test each. B101 is left out: `assert` tells
mypy what is so already, and checks nothing that anybody sends."""

PUBLIC = {
    ("routing/staff/audit.py", "Secret Keyword"): "the words 'Password given'",
    ("routing/store/db.py", "Basic Auth Credentials"): "how to write DATABASE_URL",
    **dict.fromkeys(
        [
            (file, "Basic Auth Credentials")
            for file in (
                "README.md",
                "deploy/who-to-call.env",
                "docs/alerts.md",
                "docs/deploy.md",
                "routing/config.py",
            )
        ],
        "how to write ALERT_SMTP_URL or DATABASE_URL",
    ),
}
MADE_UP = {"Secret Keyword", "Basic Auth Credentials"}
"""What passwords look like in tests, where there are no others."""

LOOKED_FOR = [
    {"name": "AWSKeyDetector"},
    {"name": "Base64HighEntropyString", "limit": 4.5},
    {"name": "BasicAuthDetector"},
    {"name": "GitHubTokenDetector"},
    {"name": "JwtTokenDetector"},
    {"name": "KeywordDetector"},
    {"name": "PrivateKeyDetector"},
    {"name": "TwilioKeyDetector"},
]

HASHES = re.compile(
    r"requirements.*\.txt|.*\.(png|mo|woff2?)|routing/static/govuk-frontend\.css|tests/data/.*"
)


def secrets_in(files, root):
    """Return (file, kind) of everything that looks like a secret."""
    found = SecretsCollection(root=str(root))
    with transient_settings({"plugins_used": LOOKED_FOR}):
        for each in files:
            found.scan_file(each)
    return {(file, secret.type) for file, secret in found}


def committed():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("needs git and its folder")
    return [each for each in listed.stdout.splitlines() if not HASHES.fullmatch(each)]


def test_bandit_finds_nothing_that_is_not_explained():
    asked = ["-q", "-r", "routing", "gunicorn.conf.py", "app.py", "-s", "B101", "-f", "json"]
    command = [sys.executable, "-m", "bandit", *asked]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    report = json.loads(told.stdout)
    found = {
        (each["filename"].removeprefix("./").removeprefix("routing/"), each["test_id"])
        for each in report["results"]
    }

    assert report["errors"] == []
    assert found == set(KNOWN)


def test_nothing_that_is_committed_looks_like_a_secret():
    found = secrets_in(committed(), ROOT)
    strange = {(file, kind) for file, kind in found if not file.startswith("tests/")} - set(PUBLIC)
    strange |= {each for each in found if each[0].startswith("tests/") and each[1] not in MADE_UP}

    assert strange == set()


@pytest.mark.parametrize(
    "planted",
    [
        "key = 'AKIA" + "IOSFODNN7EXAMPL3'",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "SECRET_KEY = '" + "hQ8rT2vLx9Zp4Wn7" + "Kc3Jd6Mf1Bs5Gy0A'",
        "token = 'ghp_" + "a8Kd92jLmN4pQ7rT1vXz" + "3Wb6Yc5Fg0HiJkLm'",
    ],
)
def test_a_secret_that_is_planted_is_found(tmp_path, planted):
    (tmp_path / "settings.py").write_text(f"{planted}\n")

    assert secrets_in(["settings.py"], tmp_path)
