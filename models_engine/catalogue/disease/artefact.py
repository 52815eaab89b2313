"""The file that training leaves: JSON, named by its own SHA-256, aggregates only."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from models_engine.catalogue.disease.aalen_johansen import Share
from models_engine.catalogue.disease.artefact_schema import fault
from models_engine.catalogue.disease.groups import Groups
from models_engine.catalogue.disease.landmarks import Rules
from models_engine.catalogue.disease.methods import Fitted, Method
from models_engine.catalogue.disease.rates import BaseRates

HASH = re.compile(r"[0-9a-f]{64}")


class ArtefactError(ValueError):
    """There is no such file, it was changed, or it is not what an artefact must be."""


@dataclass(frozen=True, eq=False)
class Trajectories:
    """One trained artefact. `sha256` is its name and its version."""

    content: Mapping[str, Any]
    sha256: str

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(self.content["tokens"])

    @property
    def method(self) -> Method:
        return Method(self.content["method"])

    @property
    def problems(self) -> list[str]:
        """Why its numbers are not shown; empty when they are."""
        return list(self.content["problems"])

    @cached_property
    def rules(self) -> Rules:
        return Rules(**self.content["settings"]["rules"])

    @cached_property
    def outcomes(self) -> np.ndarray:
        return np.array(self.content["outcomes"], dtype=np.int64)

    @cached_property
    def fitted(self) -> Fitted:
        made, size = self.content["model"], len(self.tokens)
        lifts = np.zeros((size, size))
        for i, j, value in made["lifts"]:
            lifts[i, j] = value
        vectors = np.array(made["vectors"]) if made["vectors"] else np.zeros((size, 1))
        base = BaseRates(np.array(made["base"]).reshape(size, 4), np.array(made["overall"]))
        weights = {Method(m): np.array(c) for m, c in made["coefficients"].items()}
        return Fitted(base, lifts, vectors, self.content["settings"]["half_life"], weights)

    def groups(self, method: Method) -> list[Groups | None]:
        """By outcome, of the method that is used and of age and sex."""
        return self._groups[method]

    @cached_property
    def _groups(self) -> dict[Method, list[Groups | None]]:
        return {Method(m): [_groups(g) for g in rows] for m, rows in self.content["groups"].items()}


def _groups(row: Mapping[str, Any] | None) -> Groups | None:
    if row is None:
        return None
    return Groups(tuple(row["upper"]), tuple(Share(**s) for s in row["shares"]))


def write(folder: Path, content: Mapping[str, Any]) -> Path:
    """Write the artefact into `folder`, under the name of its hash."""
    raw = (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(raw).hexdigest()}.json"
    path.write_bytes(raw)
    return path


def read(folder: Path, sha256: str) -> Trajectories:
    """The artefact of that hash.

    Raises:
        ArtefactError: no hash, no such file, a changed file, another format, or something in it that is
            missing, of another type or against the rest.
    """
    if not HASH.fullmatch(sha256):
        raise ArtefactError("an artefact is named by 64 hexadecimal digits")
    try:
        raw = (folder / f"{sha256}.json").read_bytes()
    except OSError as error:
        raise ArtefactError(f"no artefact {sha256} can be read: {type(error).__name__}") from error
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise ArtefactError(f"the file {sha256}.json has been changed")
    wrong = fault(raw)
    if wrong:
        raise ArtefactError(f"{sha256}.json {wrong}")
    try:
        return Trajectories(json.loads(raw), sha256)
    except (RecursionError, ValueError) as error:
        # in a key that nobody reads
        raise ArtefactError(f"{sha256}.json cannot be used: {type(error).__name__}") from error
