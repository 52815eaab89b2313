"""The patient's decision aid of one person with each indication: what must hold of every one."""

import json
from typing import Any

import pytest

from explain.wording.phrases import LEVELS
from models_engine.catalogue.treatment.knowledge.schema import INDICATIONS, Outcome
from models_engine.catalogue.treatment.ranking.results import Ranking
from models_engine.treatment_knowledge import treatment_knowledge
from tests.spec.treatment.answers import answer_of
from tests.spec.treatment.vignette import vignettes
from twinportal.treatment.aid_rows import changes
from twinportal.treatment.decision_aid import aid_of
from twinportal.treatment.sharing import why_not_shared
from twinportal.treatment.snapshot import snapshot


def _different(ranking: Ranking) -> list[str]:
    """Three that may be shared, each of another class."""
    fit = [one for one in ranking.candidates if not why_not_shared(one)]
    firsts = {(c.kind, c.option.main_class if c.option else c.key): c.key for c in reversed(fit)}
    return list(firsts.values())[-3:]


@pytest.fixture(scope="module", params=INDICATIONS)
def result(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What would be kept of the first person of an indication who has a choice."""
    asked = (answer_of(one).ranking for one in vignettes() if one.indication == request.param)
    found = ((one, _different(one)) for one in asked if one)
    ranking, keys = next((one, keys) for one, keys in found if len(keys) > 1)
    return dict(json.loads(json.dumps(snapshot(ranking, keys))))


def test_the_commonest_harm_of_each_is_told(result: dict[str, Any]) -> None:
    kinds = {one.id: one.kind for one in treatment_knowledge().rows(Outcome)}
    aid = aid_of(result, "plain")
    for one in result["candidates"]:
        harms = [c for c in changes(one) if kinds[c["outcome"]] == "harm" and c["difference"] > 0]
        if not harms:
            continue
        worst = max(harms, key=lambda change: change["difference"])
        side = next(side for side in aid.sides if side.key == one["key"])
        found = [c for c in side.side_effects if c.title.lower() == worst["plain_label"].lower()]
        assert found, worst["outcome"]
        assert found[0].words


def test_parts_numbers_and_the_hundred(result: dict[str, Any]) -> None:
    kinds = {one.id: one.kind for one in treatment_knowledge().rows(Outcome)}
    seen = set()
    for level in LEVELS:
        aid = aid_of(result, level)
        for side in aid.sides:
            for cells, kind in ((side.prevented, "event"), (side.side_effects, "harm")):
                assert {kinds[cell.outcome.removesuffix("_2")] for cell in cells} <= {kind}
                for cell in cells:
                    if cell.found:
                        assert cell.found.apart + cell.found.untouched == 100
        seen.add(
            tuple(
                (cell.outcome, cell.horizon, cell.found, cell.number if cell.people else "")
                for side in aid.sides
                for cell in (*side.prevented, *side.side_effects)
            )
        )
    assert len(seen) == 1
