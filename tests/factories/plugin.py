"""Packages with models, made in a folder and put on the path as an installer would."""

import sys
import tomllib
from pathlib import Path
from textwrap import dedent

from models_engine import plugins, registry


def forget_models() -> None:
    """The next question for a model looks at the settings and the path again."""
    plugins.load.cache_clear()
    registry.registered.cache_clear()
    registry.every_calibration.cache_clear()


def forget_modules(*packages: str) -> None:
    """Imported modules of made-up packages, so that the next test imports its own."""
    for name in list(sys.modules):
        if name.partition(".")[0] in packages:
            del sys.modules[name]


def install(folder: Path, target: Path) -> None:
    """What `pip install --no-deps --target` leaves of a pure package: its modules, its metadata."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    source = folder / "src"
    for path in (p for p in source.rglob("*") if p.is_file() and p.suffix in (".py", ".csv")):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(path.read_text())
    name = project["name"].replace("-", "_")
    info = target / f"{name}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(head)
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


def package(folder: Path, code: str, *, name: str = "acme-odd", entry: str = "models") -> Path:
    """The folder of a package whose module `acme_odd` is `code`, with one entry point."""
    module = name.replace("-", "_")
    (folder / "src").mkdir(parents=True)
    (folder / "src" / f"{module}.py").write_text(dedent(code))
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "0.1"\n'
        f'[project.entry-points."{plugins.GROUP}"]\nodd = "{module}:{entry}"\n'
    )
    return folder
