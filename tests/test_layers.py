"""The house rule: a module imports only from the floors below its own."""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "routing"
FLOORS = (
    "conditions errors files responses",
    "core",
    "logging_config",
    "text",
    "config directory bank_holidays rota",
    "snapshot divert_rules store",
    "lookup lint",
    "rota_service",
    "health formats",
    "alert_delivery telephony",
    "middleware",
    "public staff cli",
    "create_app",
    "__main__ gunicorn_config",
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms.split()}


def imports(path, package):
    """Yield every module of the tree that ``path`` imports, and every other: dotted, in full."""
    inside = ("routing", *path.relative_to(package).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = inside[: len(inside) - node.level + 1] if node.level else ()
            module = ".".join((*base, *filter(None, [node.module])))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def violations(package):
    """Return every import that goes up, aside, or out of the core."""
    return [
        f"{path.relative_to(package)} imports {module}"
        for path in sorted(package.rglob("*.py"))
        if path != package / "__init__.py"
        for module in imports(path, package)
        if not _allowed(path.relative_to(package).with_suffix("").parts[0], module)
    ]


def _allowed(room, module):
    top, _, rest = module.partition(".")
    if top != "routing":
        return room != "core" or top in sys.stdlib_module_names
    other = rest.partition(".")[0]
    return other == room or FLOOR.get(other, len(FLOORS)) < FLOOR[room]


def test_imports_only_go_down():
    assert violations(PACKAGE) == []


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("core/decision.py", "import flask"),
        ("core/decision.py", "from routing import lookup"),
        ("core/decision.py", "import routing.lookup"),
        ("core/decision.py", "from ..lookup import now"),
        ("errors.py", "from routing.core import hours"),
        ("directory/load.py", "from routing.bank_holidays import build_calendar"),
        ("lookup.py", "def late():\n    from routing.formats import decision_json"),
        ("public/api.py", "from routing.staff import auth"),
        ("public/pages.py", "from routing import create_app"),
    ],
)
def test_a_planted_violation_is_found(tmp_path, where, code):
    planted = tmp_path / "routing" / where
    planted.parent.mkdir(parents=True)
    planted.write_text(code)

    assert len(violations(tmp_path / "routing")) == 1


def modules(package=PACKAGE):
    """Return the file of every module of the tree, by its dotted name."""
    names = (path.relative_to(package).with_suffix("").parts for path in package.rglob("*.py"))
    files = {".".join(("routing", *parts)): package.joinpath(*parts) for parts in names}
    return {name.removesuffix(".__init__"): file.with_suffix(".py") for name, file in files.items()}


def reached(module, package=PACKAGE):
    """Return every module of the tree, but no package, that importing ``module`` loads."""
    paths = {name: file for name, file in modules(package).items() if file.stem != "__init__"}
    pending, loaded = [module], set()
    while pending:
        name = pending.pop()
        if name in loaded:
            continue
        loaded.add(name)
        for imported in imports(paths[name], package):
            pending += {imported, imported.rpartition(".")[0]} & paths.keys()
    return loaded


def test_a_call_is_answered_without_what_only_staff_and_monitors_need():
    loaded = reached("routing.telephony.views")

    assert "routing.lookup" in loaded and len(loaded) <= 35
    assert not loaded & {"routing.health", "routing.middleware", "routing.store.alerts"}
    assert "routing.health" in reached("routing.cli.telephony")


def test_no_chain_of_imports_is_longer_than_ten_modules():
    files = modules()

    @cache
    def length(name):
        imported = {
            module if module in files else module.rpartition(".")[0]
            for module in imports(files[name], PACKAGE)
        }
        return 1 + max((length(module) for module in imported & files.keys()), default=0)

    assert length("routing") <= 10
