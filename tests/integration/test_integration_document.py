"""What docs/integration.md says to copy and paste works as it stands there, in that order."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.conftest import ROOT, wait_until
from tests.integration.running_demo import Demo, free_port

pytestmark = pytest.mark.worker
DOCUMENT = (ROOT / "docs" / "integration.md").read_text()
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE_SECONDS = 240


class Block(NamedTuple):
    language: str
    text: str

    @property
    def path(self) -> str:
        """Where its first line says that it is to be saved."""
        return self.text.partition("\n")[0].removeprefix("# ")


BLOCKS = [Block(*found) for found in FENCE.findall(DOCUMENT)]


def test_every_block_is_run() -> None:
    """A block in another language would be one that nobody runs."""
    assert {block.language for block in BLOCKS} == {"bash", "python"}
    assert DOCUMENT.count("```") == 2 * len(BLOCKS)
    assert all(b.path.startswith("var/ehr/") for b in BLOCKS if b.language == "python")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Looks like the project's folder to who types there."""
    with tempfile.TemporaryDirectory(prefix="tp-", ignore_cleanup_errors=True) as name:
        # the embedded PostgreSQL runs as another user than root
        Path(name).chmod(0o755)
        (Path(name) / "var").mkdir()
        (Path(name) / "manage.py").symlink_to(ROOT / "manage.py")
        (Path(name) / ".venv").symlink_to(sys.prefix)
        yield Path(name)


def test_the_whole_document(folder: Path) -> None:
    demo = Demo(folder / "var", free_port())
    try:
        wait_until(demo.is_up, "the demo is up")
        script = ["set -euo pipefail"]
        for number, block in enumerate(BLOCKS):
            if block.language == "python":
                (folder / block.path).parent.mkdir(exist_ok=True)
                (folder / block.path).write_text(block.text)
            else:
                script += [f"echo '== block {number}' >&2", block.text]
        done = _run("\n".join(script), folder)
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        assert "probabilityDecimal" in done.stdout, "the models have said something"
        assert "Observation.status" in done.stdout, "the fault is named"
        assert "Kept in quarantine as" in done.stdout, "it is kept for a tolerant client"
        assert '"count":20' in done.stdout and "line 21" in done.stdout, "twenty lines are in"
        assert "Patient.1.ndjson:24" in done.stdout, "all patients are out again"
        assert (folder / "var/ehr/private-key.json").stat().st_mode & 0o077 == 0
    finally:
        demo.stop()


def _run(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    ours = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "TWINPORTAL_MODE")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=kept | {"TWINPORTAL_VAR": str(folder / "var")},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
