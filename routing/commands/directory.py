"""flask directory ...: check the file before it goes live."""

import json
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from routing import enquiry
from routing.directory import lint

group = AppGroup("directory", help="Check the directory, whatever state it is in.")


@group.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def check(file: Path | None, strict: bool, form: str) -> None:
    """Tell every error and warning in FILE (the directory in use), with line and column."""
    path = file or Path(current_app.config["DIRECTORY"])
    problems = lint.check(path, enquiry.now().date())
    if form == "json":
        keys = ("level", "code", "line", "column", "message")
        click.echo(json.dumps([{key: getattr(each, key) for key in keys} for each in problems]))
    else:
        for each in problems:
            click.echo(f"{path}: {each}")
        errors = sum(each.level == "error" for each in problems)
        click.echo(f"{path}: {errors} errors, {len(problems) - errors} warnings")
    failed = any(strict or each.level == "error" for each in problems)
    raise SystemExit(1 if failed else 0)
