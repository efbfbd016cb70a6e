"""What the image, compose.yaml and Prometheus's rules say of the service is so."""

import re

import yaml
from conftest import ROOT

from routing import cli, conditions, config

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
RULES = yaml.safe_load((ROOT / "deploy/prometheus/who-to-call.yml").read_text("utf-8"))
OURS = [name for name, service in COMPOSE["services"].items() if "build" in service]


def test_prometheus_is_alerted_by_metrics_that_exist(make_stored):
    headers = {"Authorization": "Bearer ops"}
    metrics = make_stored(OPS_TOKEN="ops").test_client().get("/metrics", headers=headers).text
    expressions = " ".join(rule["expr"] for rule in RULES["groups"][0]["rules"])
    names = set(re.findall(r"\brouting_\w+", expressions))

    codes = re.findall(r'code="(\w+)"', expressions)

    assert len(names) >= 4
    assert set(codes) <= conditions.KINDS.keys()
    assert names <= set(re.findall(r"^(\w+)[ {]", metrics, re.M))


def test_compose_sets_nothing_but_settings_and_gives_no_right_that_is_not_needed():
    known = {*config.SETTINGS, *(f"{name}_FILE" for name in config.SECRETS)}
    for container in (COMPOSE["services"][name] for name in OURS):
        assert set(container["environment"]) <= known
        assert container["read_only"] is True
        assert container["cap_drop"] == ["ALL"]
        assert container["security_opt"] == ["no-new-privileges:true"]
        assert container["image"] == f"who-to-call:{config.VERSION}"


def test_compose_runs_commands_that_there_are():
    commands = [COMPOSE["services"][name].get("command", []) for name in OURS]
    words = {command[1] for command in commands if command[0] == "who-to-call"}

    assert words == {"db", "timers"}
    assert words <= set(cli.all_commands().commands)


def test_the_image_runs_as_a_user_without_rights_by_number_and_its_health_is_to_be_alive():
    text = (ROOT / "Dockerfile").read_text("utf-8")
    (user,) = re.findall(r"^USER (.*)$", text, re.M)
    (check,) = re.findall(r"^HEALTHCHECK .*\n.*$", text, re.M)

    assert int(user) >= 1000
    assert "/healthz" in check
    assert "/readyz" not in check
