"""Nothing that is committed holds a secret."""

import re
import subprocess

import pytest
from conftest import ROOT
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

EXAMPLES = {
    "deploy/who-to-call.env": "Basic Auth Credentials",
    "docs/alerts.md": "Basic Auth Credentials",
    "docs/deploy.md": "Basic Auth Credentials",
    "docs/runbook.md": "Secret Keyword",
    "docs/settings.md": "Basic Auth Credentials",
    "routing/config.py": "Basic Auth Credentials",
    "routing/staff/auth.py": "Secret Keyword",
    "routing/staff/accounts.py": "Secret Keyword",
    "routing/store/db.py": "Basic Auth Credentials",
    "routing/text/staff_text.py": "Secret Keyword",
}
"""Files that show how to write ALERT_SMTP_URL or DATABASE_URL, or name something a password."""

MADE_UP = {"Secret Keyword", "Basic Auth Credentials"}
"""What the passwords that tests make up look like. Tests hold no others."""

DETECTORS = [
    {"name": "AWSKeyDetector"},
    {"name": "Base64HighEntropyString", "limit": 4.5},
    {"name": "BasicAuthDetector"},
    {"name": "GitHubTokenDetector"},
    {"name": "JwtTokenDetector"},
    {"name": "KeywordDetector"},
    {"name": "PrivateKeyDetector"},
    {"name": "TwilioKeyDetector"},
]

SKIPPED_FILES = re.compile(
    r"(proof/)?requirements.*\.txt|.*\.(png|mo|woff2?)|routing/static/govuk-frontend\.css|tests/data/.*"
)


def secrets_in(files, root):
    """Return (file, kind) of everything that looks like a secret."""
    secrets = SecretsCollection(root=str(root))
    with transient_settings({"plugins_used": DETECTORS}):
        for file in files:
            secrets.scan_file(file)
    return {(file, secret.type) for file, secret in secrets}


def committed_files():
    """List the files of the repository. Without git or its folder there is nothing to search."""
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("needs git and its folder")
    return [file for file in listing.stdout.splitlines() if not SKIPPED_FILES.fullmatch(file)]


def test_nothing_that_is_committed_looks_like_a_secret():
    secrets = secrets_in(committed_files(), ROOT)
    in_tests = {(file, kind) for file, kind in secrets if file.startswith("tests/")}

    assert secrets - in_tests - set(EXAMPLES.items()) == set()
    assert {(file, kind) for file, kind in in_tests if kind not in MADE_UP} == set()


@pytest.mark.parametrize(
    "planted",
    [
        "key = 'AKIA" + "IOSFODNN7EXAMPL3'",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "SECRET_KEY = '" + "hQ8rT2vLx9Zp4Wn7" + "Kc3Jd6Mf1Bs5Gy0A'",
        "token = 'ghp_" + "a8Kd92jLmN4pQ7rT1vXz" + "3Wb6Yc5Fg0HiJkLm'",
    ],
)
def test_a_planted_secret_is_detected(tmp_path, planted):
    (tmp_path / "settings.py").write_text(f"{planted}\n")

    assert secrets_in(["settings.py"], tmp_path)
