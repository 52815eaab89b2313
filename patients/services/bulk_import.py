"""The import of bulk data, step by step."""

from pathlib import Path

from patients.models import BulkJob


def step(job: BulkJob, folder: Path) -> bool:
    """Do some of the work and commit it; whether all of it is done."""
    raise NotImplementedError
