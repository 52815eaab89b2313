"""Data beside the project: never part of it, and a test that needs some skips without it."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def shared_data(name: str) -> Path:
    """The path of a file or folder of the data room; skips the test when it is not there.

    `TWINPORTAL_DATA` says where to look; without it, `../shared/data` beside the project.
    """
    room = Path(os.environ.get("TWINPORTAL_DATA", ROOT.parent / "shared" / "data"))
    path = room / name
    if not path.exists():
        pytest.skip(f"{name} is not in {room} (set TWINPORTAL_DATA)")
    return path
