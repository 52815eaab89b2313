"""The numbers of a mechanistic twin as data: each with its unit, its source and how sure we are."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from models_engine.catalogue.facts import EVIDENCE_TEXT, EvidenceTag, require_tag, require_text


@dataclass(frozen=True)
class Parameter:
    """One number of a publication, or one of ours where the tag is "J"."""

    name: str
    value: float
    unit: str
    source: str
    evidence: EvidenceTag

    def __post_init__(self) -> None:
        owner = f"Parameter {self.name}"
        require_text(owner, name=self.name, unit=self.unit, source=self.source)
        require_tag(owner, self.evidence)

    @property
    def label(self) -> str:
        """Its name as people read it."""
        return self.name.replace("_", " ")

    @property
    def evidence_text(self) -> str:
        """The tag in a sentence; [M] reads "Published, not yet verified here."."""
        return EVIDENCE_TEXT[self.evidence]


@dataclass(frozen=True)
class ParameterSet:
    """The parameters of one twin by name."""

    title: str
    parameters: tuple[Parameter, ...]

    def __post_init__(self) -> None:
        names = [parameter.name for parameter in self.parameters]
        if len(set(names)) != len(names):
            raise ValueError(f"ParameterSet {self.title}: a parameter is named twice")

    def __getitem__(self, name: str) -> float:
        """The value of that name. Raises KeyError."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter.value
        raise KeyError(name)

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.parameters)

    def with_value(self, name: str, value: float) -> "ParameterSet":
        """The same with another value. Raises KeyError for an unknown name."""
        if name not in {p.name for p in self.parameters}:
            raise KeyError(name)
        changed = (replace(p, value=value) if p.name == name else p for p in self.parameters)
        return replace(self, parameters=tuple(changed))

    def changed(self, name: str, by: float = 0.01) -> "ParameterSet":
        """The same with one number off by the share `by` (of 1, where it is 0). For tests."""
        return self.with_value(name, self[name] + by * (self[name] or 1.0))

    @property
    def not_verified(self) -> tuple[Parameter, ...]:
        """Those that were published and that nobody has verified here."""
        return tuple(p for p in self.parameters if p.evidence == "M")
