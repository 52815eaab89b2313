"""What the Makefile says is what it does."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def made(folder: Path) -> str:
    """What making the environment of the demo prints there."""
    run = subprocess.run(
        ["make", ".venv/.run"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


def test_installing_is_said_only_where_something_is_installed(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.lock").touch()
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (tmp_path / ".venv" / ".uv").touch()
    installer = programs / "uv"
    installer.write_text('#!/bin/sh\necho "$@" >> asked\n')
    installer.chmod(0o755)

    assert "Installing the packages of requirements.lock" in made(tmp_path)
    assert "pip sync" in (tmp_path / "asked").read_text()

    # the environment of the tests has all of them
    (tmp_path / ".venv" / ".run").unlink()
    (tmp_path / ".venv" / ".dev").touch()
    (tmp_path / "asked").unlink()
    assert made(tmp_path) == ""
    assert not (tmp_path / "asked").exists()
    assert "up to date" in made(tmp_path)
