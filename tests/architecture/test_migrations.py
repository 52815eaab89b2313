"""A migration that was applied somewhere is never edited: its site would keep the old tables.

`migrations.sha256` beside this file has the SHA-256 of each, in any order. After a new one:

    sha256sum patients/migrations/0021_new.py >> tests/architecture/migrations.sha256
"""

import hashlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("migrations.sha256")
PACKAGES = ("twinportal", "patients", "models_engine", "explain")


def recorded(table: str) -> dict[str, str]:
    """Path and hash of each line. Raises ValueError on another line, or one path twice."""
    found: dict[str, str] = {}
    for line in table.splitlines():
        digest, _, path = line.partition("  ")
        if len(digest) != 64 or not path or path in found:
            raise ValueError(f"not '<sha256>  <path>', or there twice: {line!r}")
        found[path] = digest
    return found


def faults(root: Path, table: str) -> list[str]:
    """What stands against the table, in words."""
    known = recorded(table)
    files = {
        path.relative_to(root).as_posix(): path
        for package in PACKAGES
        for path in (root / package).rglob("migrations/[0-9]*.py")
    }
    said = []
    for name, path in sorted(files.items()):
        if name not in known:
            said.append(f"{name} is new: sha256sum {name} >> tests/architecture/migrations.sha256")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != known[name]:
            said.append(
                f"{name} was edited. Sites that have applied it never run it again, and would lack "
                "what was added: take the edit back and write a new migration."
            )
    said += [
        f"{name} is gone or was renamed. Sites that have applied it would run it again under its "
        "new name, or miss it: put it back."
        for name in sorted(known.keys() - files.keys())
    ]
    return said


def test_no_applied_migration_was_changed() -> None:
    said = faults(ROOT, TABLE.read_text())
    assert said == [], "\n".join(said)


def test_each_kind_of_change_is_seen(tmp_path: Path) -> None:
    folder = tmp_path / "patients" / "migrations"
    folder.mkdir(parents=True)
    first = folder / "0001_initial.py"
    first.write_text("one\n")
    digest = hashlib.sha256(b"one\n").hexdigest()
    line = f"{digest}  patients/migrations/0001_initial.py\n"
    assert faults(tmp_path, line) == []
    (new,) = faults(tmp_path, "")
    assert "is new: sha256sum patients/migrations/0001_initial.py >>" in new
    first.write_text("two\n")
    (edited,) = faults(tmp_path, line)
    assert "was edited" in edited and "write a new migration" in edited
    first.rename(folder / "0001_other.py")
    assert ["is new" in said or "is gone" in said for said in faults(tmp_path, line)] == [True] * 2
    for wrong in (line + line, "abc\n"):
        with pytest.raises(ValueError, match="sha256"):
            faults(tmp_path, wrong)
