"""When a patient may see a number: the grammar of TWINPORTAL_RELEASE_POLICY. Pure.

`review` or `auto`, then exceptions, separated by commas: `review,prevent=auto,kfre_8v=review`. A
name stands for the model of that id and for those whose id begins with it and an underscore; of
several that fit the longest counts. `forecasts` stands for the forecasts of measurements.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache

MODES = {"review": False, "auto": True}
FORECASTS = "forecasts"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class ReleasePolicy:
    """Whether a new number may be seen at once; else it waits for a clinician."""

    default: bool
    named: dict[str, bool] = field(default_factory=dict)

    def releases(self, model_id: str) -> bool:
        """Whether a new prediction of this model may be seen at once."""
        fitting = [name for name in self.named if covers(name, model_id)]
        return self.named[max(fitting, key=len)] if fitting else self.default

    @property
    def releases_forecasts(self) -> bool:
        return self.named.get(FORECASTS, self.default)

    @property
    def releases_nothing(self) -> bool:
        """Every prediction of every model waits."""
        exceptions = (mode for name, mode in self.named.items() if name != FORECASTS)
        return not self.default and not any(exceptions)

    def faults(self, *, known: Collection[str], seen_by_patients: Collection[str]) -> list[str]:
        """What is wrong with the names, in sentences.

        `known`: the ids of all models; `seen_by_patients`: of these, what patients may ever see.
        """
        said = []
        for name, at_once in self.named.items():
            if name == FORECASTS:
                continue
            meant = [one for one in known if covers(name, one)]
            if not meant:
                said.append(f"{name!r} is no model here. Known are {', '.join(sorted(known))}.")
            elif at_once and not set(meant) & set(seen_by_patients):
                said.append(f"{name!r} is for clinicians alone and is never released.")
        return said


def covers(name: str, model_id: str) -> bool:
    return model_id == name or model_id.startswith(f"{name}_")


@cache
def parse_policy(text: str) -> ReleasePolicy:
    """The policy that `text` states. Raises ValueError with the part that cannot be read."""
    first, *others = (part.strip() for part in text.split(","))
    if first not in MODES:
        raise ValueError(f"begins with review or auto, not {first!r}")
    named: dict[str, bool] = {}
    for part in others:
        name, _, mode = (piece.strip() for piece in part.partition("="))
        if not NAME.fullmatch(name) or mode not in MODES:
            raise ValueError(f"goes on with model=review or model=auto, not {part!r}")
        if name in named:
            raise ValueError(f"names {name!r} twice")
        named[name] = MODES[mode]
    return ReleasePolicy(MODES[first], named)
