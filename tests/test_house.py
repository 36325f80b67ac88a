"""Contract: the house rules of docs/decisions and CONTRIBUTING.md, read off the files themselves."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from carpet.core.method import methods

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "carpet"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
FLOORS = {"run": 2, "core": 0}  # every other room is a workshop, on floor 1
CORE_FILES, CORE_LINES = 10, 1500
VAGUE = {"util", "utils", "helper", "helpers", "manager", "managers", "handler", "handlers", "misc", "common"}
RULE_BREAKING_NAME = re.compile(r"process_data|V2$|_v2$|_new$|^new$")
INDEX = "https://pypi.org/simple"
FILES = "https://files.pythonhosted.org/"
FRAGMENT = re.compile(r"\d+\.(feature|fix|docs|number)\.md")
OF_A_MACHINE = re.compile(r"(?<![A-Za-z0-9_.:/])/(w[o]rk|f[a]rm|r[o]ot|h[o]me/[a-z]|U[s]ers/[A-Za-z]|o[p]t/pypi|t[m]p/v)(/|\b)")
REAL_COMMAND = re.compile(r"\b((?:carpet|make) [a-z][a-z-]*)([^\n`|]*)")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def project_files() -> list[Path]:
    """What git tracks or would track; in an unpacked archive, every file outside hidden folders."""
    if (ROOT / ".git").exists():
        told = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
        )
        paths = [ROOT / name for name in told.stdout.decode().split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if not {".venv", ".uv", "__pycache__"} & set(path.parts)]
    return sorted(path for path in paths if path.is_file())


def documents() -> list[Path]:
    pages = [page for folder in ("docs", "changes") for page in sorted((ROOT / folder).rglob("*.md"))]
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *pages]


def test_there_is_a_house_to_look_at() -> None:
    rooms = {room_of(path) for path in SOURCES}
    assert {"core", "dicom", "suv", "segment", "anatomy", "lesions", "biomarkers", "report", "testing", "run"} <= rooms
    assert len(TESTS) > len(rooms)


def test_core_stays_small() -> None:
    files = [path for path in (PACKAGE / "core").glob("*.py") if path.name != "__init__.py"]
    assert 0 < len(files) <= CORE_FILES, [named(path) for path in files]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= CORE_LINES


def rooms_imported(path: Path) -> Iterator[str]:
    """Rooms of carpet that a file imports, wherever the import stands in it; relative imports count as unknown."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{named(path)}:{node.lineno} is a relative import"
            module = node.module or ""
            modules = [f"carpet.{alias.name}" for alias in node.names] if module == "carpet" else [module]
        else:
            continue
        yield from (name.split(".")[1] if "." in name else "" for name in modules if name.split(".")[0] == "carpet")


def test_imports_go_down() -> None:
    wrong = []
    for path in SOURCES:
        room = room_of(path)
        if room:
            floor = FLOORS.get(room, 1)
            wrong += [
                f"{named(path)} imports {other or 'carpet itself'}"
                for other in rooms_imported(path)
                if other != room and FLOORS.get(other, 1 if other else 2) >= floor
            ]
    assert wrong == []


def test_every_source_file_says_what_it_is_for() -> None:
    wrong = []
    for path in SOURCES:
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        said = first.removeprefix('"""').rstrip('"').strip()
        if not first.startswith('"""') or not said:
            wrong.append(named(path))
    assert wrong == []


def test_every_test_file_names_its_truth() -> None:
    starts = ('"""Truth: ', '"""Contract: ')
    assert [named(path) for path in TESTS if not path.read_text(encoding="utf-8").startswith(starts)] == []


def public_functions(path: Path) -> list[str]:
    defs = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node.name for node in tree(path).body if isinstance(node, defs) and not node.name.startswith("_")]


def test_tests_mirror_the_sources() -> None:
    wrong = []
    for path in SOURCES:
        if room_of(path) and path.name != "__init__.py" and public_functions(path):
            below = path.relative_to(PACKAGE)
            mirror = ROOT / "tests" / below.with_name(f"test_{below.name}")
            if not mirror.is_file():
                wrong.append(f"{named(path)} has no {named(mirror)}")
    assert wrong == []


def test_names_say_something() -> None:
    wrong = [named(path) for path in SOURCES if VAGUE & set(re.split(r"[/_.]", path.relative_to(PACKAGE).as_posix()))]
    wrong += [
        f"{named(path)}: {node.name}"
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and RULE_BREAKING_NAME.search(node.name)
    ]
    assert wrong == []


def catches_everything(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"}) for kind in kinds)


def test_only_the_shell_catches_everything() -> None:
    wrong = [
        f"{named(path)}:{node.lineno}"
        for path in SOURCES
        if room_of(path) != "run"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    ]
    assert wrong == []


def test_no_path_of_one_machine() -> None:
    places = [str(place) for place in (ROOT, Path.home()) if len(place.parts) > 2]
    wrong = []
    for path in project_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found = OF_A_MACHINE.search(text)
        if found or any(place in text for place in places):
            wrong.append(f"{named(path)}: {found[0] if found else 'this checkout or home'}")
    assert wrong == []


def test_the_lock_holds_public_addresses_only() -> None:
    packages = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    own = [package for package in packages if package["source"] == {"editable": "."}]
    assert [package["name"] for package in own] == ["carpet"]
    wrong = [f"{package['name']}: {package['source']}" for package in packages if package["source"] != {"registry": INDEX}]
    assert len(wrong) == 1, wrong
    files = [file for package in packages for file in package.get("wheels", [])]
    files += [package["sdist"] for package in packages if "sdist" in package]
    assert len(files) > len(packages)
    assert {file["url"].partition("packages/")[0] for file in files} == {FILES}
    assert {file["hash"].partition(":")[0] for file in files} == {"sha256"}


def commands_of_the_interface() -> dict[str, set[str]]:
    """The commands of the installed program, and the options of each."""
    from carpet.run.cli import app

    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return {
        name: {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        for name, command in group.commands.items()
    }


def code_in(document: Path) -> str:
    """The fenced blocks and the inline code of a page."""
    text = document.read_text(encoding="utf-8")
    fences = re.findall(r"^```[^\n]*\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    return "\n".join([*fences, *inline])


def test_commands_in_the_documents_exist() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    known = {f"make {target}": set[str]() for target in targets}
    known |= {f"carpet {name}": options | {"--help"} for name, options in commands_of_the_interface().items()}
    seen, wrong = set(), []
    for document in documents():
        for command, rest in REAL_COMMAND.findall(code_in(document)):
            seen.add(command)
            options = set(re.findall(r"(?<=\s)--[a-z-]+", rest))
            if command not in known or not options <= known[command]:
                wrong.append(f"{named(document)}: {command}{rest}")
    assert wrong == []
    assert {"make demo", "make test", "carpet measure"} <= seen


def test_readme_shows_every_command() -> None:
    text = code_in(ROOT / "README.md")
    assert [name for name in commands_of_the_interface() if f"carpet {name}" not in text] == []


@pytest.mark.parametrize("document", documents(), ids=named)
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_the_glossary_holds_every_biomarker_with_its_unit() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| (\S+) \|", text, flags=re.MULTILINE))
    assert told == {name: method.unit.ucum for name, method in methods("carpet.biomarkers", "biomarker").items()}


def test_the_index_leads_to_every_decision() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    assert len(decisions) >= 11
    assert [path.name for path in decisions if f"(decisions/{path.name})" not in index] == []


def test_news_fragments_are_named_by_issue_and_kind() -> None:
    names = [path.name for path in (ROOT / "changes").iterdir() if path.name != "README.md"]
    assert names
    assert [name for name in names if not FRAGMENT.fullmatch(name)] == []


def test_one_version_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (\S+)$", citation, flags=re.MULTILINE) == [project["version"]]
    assert re.findall(r"^license: (\S+)$", citation, flags=re.MULTILINE) == [project["license"]] == ["Apache-2.0"]
    assert "Apache License\n" in (ROOT / "LICENSE").read_text(encoding="utf-8")
