"""What JSON schema cannot say, as keywords of our own that the fast schema asks."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from patients.fhir.rules import RULES


@contextmanager
def local_types_told(types: Mapping[str, str]) -> Iterator[None]:
    """Tell the checks made inside which type is behind which "#id"."""
    before = _LOCAL_TYPES.set(types)
    try:
        yield
    finally:
        _LOCAL_TYPES.reset(before)


_LOCAL_TYPES: ContextVar[Mapping[str, str]] = ContextVar("local types")


class LocalKeyword:
    """Asks whether a "#id" leads to a contained resource of one of the types listed."""

    def __init__(self, parent: object, value: list[str], path: object) -> None:
        self.targets = frozenset(value)

    def validate(self, instance: Any) -> None:
        """Raises what counts as a refusal."""
        if _LOCAL_TYPES.get().get(instance[1:]) not in self.targets:
            raise ValueError(instance)


class RuleKeyword:
    """Asks an invariant that JSON schema cannot say. The value is its type and its key."""

    def __init__(self, parent: object, value: list[str], path: object) -> None:
        type_name, key = value
        self.rule = next(rule for rule in RULES[type_name] if rule.key == key)

    def validate(self, instance: Any) -> None:
        """Raises what counts as a refusal, whatever the instance looks like."""
        if any(True for _ in self.rule.offenders(instance)):
            raise ValueError(self.rule.key)
