"""Who imports whom: the rooms, their direction, and what may lie where.

Imports count wherever they stand: at the top of a module, in a function, or for types alone. A
package's faces (`__init__`) that load on first use are asked for nothing beyond their own room.
"""

import ast
import configparser
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGE = "analogies"
DEVELOPERS = ("benchmarks", "distillation", "gallery", "scripts")  # not installed

GROUND = {"errors", "files", "tracing"}
FACES = {"", "__main__"}
OPTIONS = "options"
LEAVES = {"matching", "losses", "optimizers", "features"}
# What a room may import beside itself and the ground.
MAY_IMPORT = {
    "images": set(),
    "features": {"images"},
    "losses": {"images"},
    "matching": {"images"},
    "optimizers": {"images"},
    OPTIONS: {"features"},  # of it the table of layer names alone, see below
    "synthesis": {"images", *LEAVES, OPTIONS},
    "runs": {"images", *LEAVES, OPTIONS, "synthesis"},
    "api": {"images", *LEAVES, OPTIONS, "synthesis", "runs"},
    "apps": {"images", *LEAVES, OPTIONS, "synthesis", "runs", "api"},
    "": {"api", OPTIONS},
    "__main__": {"apps"},
}
MOST_FLOORS = 10  # of modules that load one another when the uppermost is imported


class Import(NamedTuple):
    """An import of one of our modules by another."""

    importer: str
    imported: str
    eager: bool  # when the importer is loaded: neither in a function nor for types

    @property
    def rooms(self) -> tuple[str, str]:
        return room(self.importer), room(self.imported)


def name_of(path: Path, below: Path) -> str:
    parts = path.relative_to(below).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    """The room of a module of the package; "" for its face."""
    return [*module.split("."), ""][1] if module.split(".")[0] == PACKAGE else "scripts"


@lru_cache(maxsize=1)
def modules() -> dict[str, Path]:
    """{name, as it is imported: file} of the package and of the scripts."""
    package = {name_of(p, CHECKOUT): p for p in (CHECKOUT / PACKAGE).rglob("*.py")}
    scripts = CHECKOUT / "scripts"
    return package | {name_of(p, scripts): p for p in scripts.rglob("*.py")}


def imported_names(path: Path):
    """(dotted name, whether it is imported when the module is loaded) of all imports of a file."""

    def of(node, eager):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, eager) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: relative imports are not looked at here"
                yield from ((f"{child.module}.{alias.name}", eager) for alias in child.names)
            deferred = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            deferred |= isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            yield from of(child, eager and not deferred)

    return of(ast.parse(path.read_text()), True)


@lru_cache(maxsize=1)
def imports() -> tuple[Import, ...]:
    """All imports of ours by ours."""
    found = set()
    for module, path in modules().items():
        for name, eager in imported_names(path):
            known = [name, name.rpartition(".")[0]]
            ours = next((candidate for candidate in known if candidate in modules()), None)
            if ours is not None and ours != module:
                found.add(Import(module, ours, eager))
    return tuple(sorted(found))


def graph(eager_only: bool) -> dict[str, set[str]]:
    edges = {module: set() for module in modules()}
    for each in imports():
        if each.eager or not eager_only:
            edges[each.importer].add(each.imported)
    return edges


def longest_chain(edges: dict[str, set[str]]) -> list[str]:
    """The longest way along edges.

    Raises:
        AssertionError: there is a circle; it is named.
    """
    done: dict[str, list[str]] = {}

    def below(module, above):
        assert module not in above, "a circle: " + " -> ".join([*above, module])
        if module not in done:
            ways = (below(other, [*above, module]) for other in sorted(edges[module]))
            done[module] = [module, *max(ways, key=len, default=[])]
        return done[module]

    return max((below(module, []) for module in edges), key=len)


def test_imports_are_seen():
    assert Import("analogies.api", "analogies.runs.run", True) in imports()
    late = Import("analogies.synthesis.choice", "analogies.synthesis.network_methods", False)
    assert late in imports()
    assert len(imports()) > 300


def test_a_circle_is_seen():
    with pytest.raises(AssertionError, match="a -> b -> a"):
        longest_chain({"a": {"b"}, "b": {"a"}})


def test_rooms_are_those_of_the_design():
    assert {room(module) for module in modules()} == {*MAY_IMPORT, *GROUND, "scripts"}


def test_no_room_imports_one_above_it_or_beside_it():
    wrong = []
    for each in imports():
        importer, imported = each.rooms
        if importer in ("scripts", imported):
            continue
        allowed = set() if importer in GROUND else MAY_IMPORT[importer]
        if imported not in allowed | GROUND:
            wrong.append(f"{each.importer} imports {each.imported}")
    assert wrong == []


def test_of_features_options_know_the_table_of_layers_alone():
    known = {each.imported for each in imports() if each.rooms == (OPTIONS, "features")}
    assert known == {"analogies.features.networks"}


def test_there_are_no_circles():
    longest_chain(graph(eager_only=False))


def test_there_are_at_most_ten_floors():
    chain = longest_chain(graph(eager_only=True))
    assert len(chain) <= MOST_FLOORS, " -> ".join(chain)


def test_nothing_but_the_face_the_door_for_python_and_the_ground_lies_at_the_root():
    files = {path.stem for path in (CHECKOUT / PACKAGE).glob("*.py")}
    assert files == {"__init__", "__main__", "api", *GROUND}


def test_nothing_installed_imports_what_is_for_developers():
    wrong = [
        f"{module} imports {name}"
        for module, path in modules().items()
        if module.split(".")[0] == PACKAGE
        for name, _ in imported_names(path)
        if name.split(".")[0] in DEVELOPERS
    ]
    assert wrong == []


def test_every_package_is_installed():
    parser = configparser.ConfigParser()
    parser.read(CHECKOUT / "setup.cfg")
    folders = {path.parent for path in (CHECKOUT / PACKAGE).rglob("*.py")}
    names = {".".join(folder.relative_to(CHECKOUT).parts) for folder in folders}
    assert set(parser.get("options", "packages").split()) == names | {f"{PACKAGE}.weights"}
    assert all((folder / "__init__.py").exists() for folder in folders)


def test_places_named_in_the_page_on_it_are_there():
    text = (CHECKOUT / "docs" / "architecture.md").read_text()
    places = re.findall(r"`([a-z_/]+(?:\.py|/))`", text)
    assert len(places) > 30
    folders = (CHECKOUT, CHECKOUT / PACKAGE)
    missing = [p for p in places if not any((folder / p).exists() for folder in folders)]
    assert missing == []
    for place, name in re.findall(r"`([a-z_/]+\.py)`, `(\w+)`", text):
        source = (CHECKOUT / PACKAGE / place).read_text()
        assert re.search(rf"\b(def|class) {name}\b", source), f"{name} in {place}"
