"""What a simulation reads from the twin: each input with its source, or why it is missing."""

from collections.abc import Iterable
from dataclasses import dataclass

from models_engine.catalogue.contract import Input, Refusal
from models_engine.catalogue.feature_set import InputUsed
from models_engine.catalogue.risk.applicability import not_after_death, not_with
from models_engine.features import StateReader
from models_engine.found import out_of_range
from patients.record.state import State


@dataclass(frozen=True)
class PatientInputs:
    """Values by concept, where each came from, and what stands in the way of a simulation."""

    values: dict[str, float]
    used: tuple[InputUsed, ...]
    refusals: tuple[Refusal, ...]
    notes: tuple[str, ...]

    @property
    def read_by(self) -> tuple[int, ...]:
        """The mappings by which any of them was read."""
        numbers = {n for one in self.used for n in one.read_by()}
        return tuple(sorted(numbers | {n for r in self.refusals for n in r.mappings}))


def patient_inputs(
    state: State, declared: Iterable[Input], *, never_with: tuple[str, ...], because: str
) -> PatientInputs:
    """Reads the inputs. `never_with` are conditions with which there is no simulation."""
    reader = StateReader(state)
    circumstances = reader.circumstances
    refusals = [
        *not_after_death(circumstances),
        *not_with(never_with, circumstances.active, because),
    ]
    values: dict[str, float] = {}
    used: list[InputUsed] = []
    notes: list[str] = []
    for one in declared:
        found = reader.find(one)
        notes += found.notes
        if found.value is None or found.source is None:
            refusals += [found.refusal] if found.refusal else []
            continue
        used.append(found.source)
        if one.accepts(found.value):
            values[one.concept] = found.value
        else:
            refusals.append(out_of_range(one, found.value, found.source))
    return PatientInputs(values, tuple(used), tuple(refusals), tuple(notes))
