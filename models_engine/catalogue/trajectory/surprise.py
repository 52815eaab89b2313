"""When do misses stop being chance? The rule that raises a flag, and how often it is wrong.

Each check of a forecast is a standard normal value when the forecast is right, and independent of
the earlier ones, since each forecast knew them.
"""

from collections.abc import Sequence
from typing import Literal

Flag = Literal["", "outside", "above", "below"]

# three of the last five outside the 90 % band, or the last seven on one side of the median
OUTSIDE, WINDOW, RUN = 3, 5, 7
EDGE_OF_90 = 1.6448536269514722
# chance that the rule fires on seven checks of a forecast that is right; computed in a test
FALSE_ALARM = 0.02405

FLAG_WORDS: dict[Flag, str] = {
    "outside": f"{OUTSIDE} or more of the last {WINDOW} values were outside the 90 % band",
    "above": f"the last {RUN} values were all above the expected middle",
    "below": f"the last {RUN} values were all below the expected middle",
}


def flag(errors: Sequence[float]) -> Flag:
    """`errors`: standardised errors, oldest first. "" when nothing is systematic."""
    if sum(abs(error) > EDGE_OF_90 for error in errors[-WINDOW:]) >= OUTSIDE:
        return "outside"
    last = errors[-RUN:]
    if len(last) == RUN and all(error > 0 for error in last):
        return "above"
    if len(last) == RUN and all(error < 0 for error in last):
        return "below"
    return ""
