"""Faults that a clinical review found in the order, each with made-up rows."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models_engine.catalogue.treatment.person import Taken
from models_engine.catalogue.treatment.ranking.order import ordered, places
from models_engine.catalogue.treatment.ranking.results import (
    NOTHING,
    Candidate,
    Preferences,
    Ranking,
)
from models_engine.catalogue.treatment.safety.finding import Finding, Kind, Level, Safety
from tests.unit.models_engine.catalogue.treatment.builders import Rows
from tests.unit.models_engine.catalogue.treatment.ranking.made import (
    Says,
    by_key,
    knowledge_of,
    option,
    ranked,
    taken,
    who,
)

HTN = {"indication": "hypertension"}
EFFECTS: Rows = [
    {"applies_to": "class:acei", "event": "mace", "effect": "0.8"},
    {"applies_to": "class:ccb_dhp", "event": "mace", "effect": "0.85"},
    {"applies_to": "class:mra", "event": "mace", "effect": "0.9"},
]
OPTIONS: Rows = [
    option("acei", "lisinopril", "acei", daily_mg="10"),
    option("ccb", "amlodipine", "ccb_dhp", daily_mg="5"),
    option("mra", "spironolactone", "mra", daily_mg="25"),
]
LISINOPRIL = taken("lisinopril", daily_mg=10.0)
GUIDED = Preferences()


def finding(level: Level, kind: Kind = "contraindication", row: str = "r", **more: Any) -> Finding:
    return Finding(kind, level, row, row, "made", row, **more)


def one(key: str, tier: int = 2, score: float = 0.0, *found: Finding, **more: Any) -> Candidate:
    kind = key.partition(":")[0]
    given: dict[str, Any] = {
        "score": score, "score_low": score, "score_high": score, "tier": tier,
        "medicine": Taken("it", ("it",)), "safety": Safety(tuple(found)),
    }  # fmt: skip
    return Candidate(key, kind, key, key, **({"option": None} | given | more))  # type: ignore[arg-type]


def keys(*candidates: Candidate, preferences: Preferences = GUIDED) -> list[str]:
    return [c.key for c in ordered(candidates, preferences)]


def at(ranking: Ranking, key: str) -> int:
    return [c.key for c in ranking.candidates].index(key)


class TestStopping:
    ASK = finding("ask", "unresolved", "vitamin")

    def test_what_nothing_could_be_compared_with_puts_no_stop_first(self) -> None:
        """Four pillars and a vitamin that nobody can name: stopping lacks that 'ask' alone."""
        kept = [one(f"keep:{n}", 1, 0.0, self.ASK) for n in "abcd"]
        stops = [one(f"stop:{n}", 3, -60.0) for n in "abcd"]
        assert keys(*stops, *kept)[:4] == ["keep:a", "keep:b", "keep:c", "keep:d"]

    @pytest.mark.parametrize("kind", ["interaction", "duplicate", "kidney_dose"])
    @pytest.mark.parametrize("score", [-18.0, 5.0])
    def test_a_d_of_another_medicine_or_of_the_dose_is_no_reason_to_stop(
        self, kind: Kind, score: float
    ) -> None:
        keep = one("keep:a", 1, 0.0, finding("D", kind))
        assert keys(one("stop:a", 3, score), keep) == ["keep:a", "stop:a"]

    @pytest.mark.parametrize(
        ("tier", "found", "stop_tier", "score", "first"),
        [(4, (), 1, 0.5, "stop:a"), (4, (), 1, -5.0, "keep:a"), (4, (), 3, 0.5, "keep:a"),
         (1, (finding("D"),), 3, 0.5, "stop:a"), (1, (finding("D"),), 3, -5.0, "keep:a"),
         (1, (), 3, 5.0, "keep:a")],
    )  # fmt: skip
    def test_when_it_comes_first(
        self, tier: int, found: tuple[Finding, ...], stop_tier: int, score: float, first: str
    ) -> None:
        candidates = (one("stop:a", stop_tier, score), one("keep:a", tier, 0.0, *found))
        assert keys(*candidates)[0] == first
        numbers = replace(GUIDED, order_by="numbers")
        if first == "keep:a":
            assert keys(*candidates, preferences=numbers)[0] == first

    def test_the_tier_of_stopping(self, tmp_path: Path) -> None:
        def check(*args: Any, **_: Any) -> Safety:
            return Safety((finding("D", "interaction"),))

        knowledge = knowledge_of(tmp_path, options=OPTIONS, event_effects=EFFECTS)
        ranking = ranked(knowledge, who(LISINOPRIL), check=check)
        assert by_key(ranking)["stop:lisinopril_1"].tier == 3
        assert at(ranking, "keep:lisinopril_1") < at(ranking, "stop:lisinopril_1")
        # nor is it exchanged for another class because of what is taken beside it
        assert "switch:ccb:lisinopril_1" not in by_key(ranking)


class TestPlaces:
    def test_a_d_is_seen_behind_an_ask(self) -> None:
        shared, own = finding("ask", "allergy", "unread"), finding("ask", row="own")
        a = one("start:a", 1, 9.0, shared, finding("D"))
        b = one("start:b", 1, 5.0, shared, own)
        c = one("start:c", 3, 1.0, shared)
        assert keys(a, b, c) == ["start:c", "start:b", "start:a"]

    def test_fewer_to_be_avoided_goes_before_a_better_score(self) -> None:
        two = one("add:a", 1, 7.8, finding("D", row="1"), finding("D", row="2"))
        assert keys(two, one("switch:a", 1, 7.4, finding("D"))) == ["switch:a", "add:a"]

    def test_what_is_advised_against_is_no_choice_before_today(self) -> None:
        keep = one("keep:a", 1, 0.0, finding("D", "interaction"))
        assert keys(one("change_dose:b", 4, 3.0), one("add:c", 4, 9.0), keep)[0] == "keep:a"

    def test_counted_harms_alone(self) -> None:
        partial: dict[str, Any] = {"is_score_partial": True}
        candidates = (
            one("start:some", 1, -0.9, **partial),
            one("start:none", 1, -0.2, **partial, is_benefit_uncounted=True),
            NOTHING,
        )
        assert keys(*candidates) == ["start:none", NOTHING.key, "start:some"]

    def test_nothing_is_no_safer_than_what_is_asked_for(self) -> None:
        ask = one("start:a", 1, 13.0, finding("ask"), option=object())
        other = one("start:b", 2, 11.0, option=object())
        assert keys(NOTHING, ask, other) == ["start:b", "start:a", NOTHING.key]
        # where it is not certain that anything is indicated it is
        assert keys(replace(NOTHING, tier=1), ask, other)[0] == NOTHING.key
        assert set(places((NOTHING, ask), GUIDED)) == {NOTHING.key, "start:a"}


class TestNothing:
    def rows(self, folder: Path, **more: Any) -> Any:
        harms = [{"applies_to": "class:ccb_dhp", "harm": "cough", "effect": "900"}]
        said = [{"applies_to": "class:ccb_dhp", **HTN}]
        return knowledge_of(folder, options=OPTIONS, harms=harms, recommendations=said, **more)

    def test_where_nothing_is_taken_nothing_is_a_way(self, tmp_path: Path) -> None:
        ranking = ranked(self.rows(tmp_path, event_effects=EFFECTS))
        nothing = by_key(ranking)["keep:none"]
        assert (nothing.kind, nothing.score, nothing.label) == (
            "keep", 0.0, "No medicine for this",
        )  # fmt: skip
        assert nothing.option is None and nothing.medicine is None
        assert by_key(ranking)["start:ccb"].score_high < 0
        assert at(ranking, "keep:none") < at(ranking, "start:ccb")
        assert "keep:none" not in by_key(
            ranked(self.rows(tmp_path, event_effects=EFFECTS), who(LISINOPRIL))
        )

    def test_recommended_first_and_no_benefit_counted(self, tmp_path: Path) -> None:
        """Without a model's number the score holds the harm alone, and says nothing against it."""
        knowledge = self.rows(tmp_path, event_effects=EFFECTS)
        ranking = ranked(knowledge, twin={})
        ccb = by_key(ranking)["start:ccb"]
        assert ccb.is_score_partial and ccb.score_high < 0 and ccb.is_benefit_uncounted
        assert ranking.candidates[0] is ccb


class TestDoses:
    def test_an_option_is_proposed_at_the_dose_that_fits(self, tmp_path: Path) -> None:
        unfit = finding("D", "kidney_dose", dose="2.5 mg twice daily", daily_mg=5.0)

        def check(names: tuple[str, ...], daily_mg: float | None, *_: Any, **__: Any) -> Safety:
            return Safety((unfit,) if names == ("amlodipine",) and daily_mg == 5.5 else ())

        options = [OPTIONS[0], option("ccb", "amlodipine", "ccb_dhp", daily_mg="5.5")]
        ranking = ranked(knowledge_of(tmp_path, options=options), check=check)
        found = by_key(ranking)["start:ccb"]
        assert (found.safety.level, found.dose) == ("C", "2.5 mg twice daily")
        assert "usual dose" in " ".join(found.unknown)
        # where the dose that fits is an option, the larger one is not meant to be it
        options.append(option("ccb5", "amlodipine", "ccb_dhp", daily_mg="5"))
        found = by_key(ranked(knowledge_of(tmp_path, options=options), check=check))
        assert found["start:ccb"].safety.level == "D" and found["start:ccb5"].safety.level == ""

    def test_what_is_taken_goes_on_at_the_dose_that_fits(self, tmp_path: Path) -> None:
        unfit = finding("D", "kidney_dose", dose="5 mg a day", daily_mg=5.0)

        def check(names: tuple[str, ...], daily_mg: float | None, *_: Any, **__: Any) -> Safety:
            return Safety((unfit,) if names == ("lisinopril",) and daily_mg == 10.0 else ())

        knowledge = knowledge_of(tmp_path, options=OPTIONS, event_effects=EFFECTS)
        ranking = ranked(knowledge, who(LISINOPRIL), check=check)
        found = by_key(ranking)
        fits = found["change_dose:fit:lisinopril_1"]
        assert (fits.dose, fits.dose_why, fits.safety.level) == ("5 mg a day", "r", "")
        assert fits.label == "lisinopril, at the dose that fits: 5 mg a day"
        assert fits.is_score_unknown and found["keep:lisinopril_1"].safety.level == "D"
        assert found["keep:lisinopril_1"].dose == "10 mg a day"
        assert at(ranking, fits.key) < at(ranking, "keep:lisinopril_1")
        # an option of that dose is the way
        options = [*OPTIONS, option("acei5", "lisinopril", "acei", daily_mg="5")]
        found = by_key(
            ranked(knowledge_of(tmp_path, options=options), who(LISINOPRIL), check=check)
        )
        assert "change_dose:acei5:lisinopril_1" in found
        assert "change_dose:fit:lisinopril_1" not in found

    @pytest.mark.parametrize(
        ("label", "mg", "is_it"),
        [("Aspirin 75 to 100 mg once a day", 75.0, True), ("Aspirin 75 to 100 mg", 300.0, False),
         ("It 20 to 50 mg twice a day", 50.0, True), ("It 100 mg a day (to 300 mg)", 200.0, True),
         ("It, target 100 mg a day", 75.0, False)],
    )  # fmt: skip
    def test_a_range_is_every_dose_of_it(
        self, tmp_path: Path, label: str, mg: float, is_it: bool
    ) -> None:
        options = [option("acei", "lisinopril", "acei", daily_mg="100") | {"label": label}]
        knowledge = knowledge_of(tmp_path, options=options)
        found = by_key(ranked(knowledge, who(taken("lisinopril", daily_mg=mg))))
        assert ("change_dose:acei:lisinopril_1" not in found) is is_it

    def test_a_step_is_from_todays_dose(self, tmp_path: Path) -> None:
        options = [
            option("acei", "lisinopril", "acei", daily_mg="40", dose="start 2.5 mg, target 40 mg")
        ]
        knowledge = knowledge_of(tmp_path, options=options, event_effects=EFFECTS)
        found = by_key(ranked(knowledge, who(LISINOPRIL)))
        step = found["change_dose:acei:lisinopril_1"]
        assert step.dose == "raise step by step from 10 mg a day to 40 mg a day"
        assert step.is_score_unknown and any("not known" in text for text in step.unknown)


class TestTiers:
    SAID: Rows = [
        {"applies_to": "option:acei", **HTN, "tier": "1"},
        {"applies_to": "option:acei40", **HTN, "tier": "3"},
        {"applies_to": "option:ccb", **HTN, "tier": "1"},
    ]
    MORE: Rows = [*OPTIONS, option("acei40", "lisinopril", "acei", daily_mg="40")]

    @pytest.mark.parametrize(
        ("medicine", "tier"),
        [(taken("lisinopril", daily_mg=15.0), 1), (taken("lisinopril", daily_mg=30.0), 3),
         (taken("lisinopril"), 1), (Taken("other", ("other",), frozenset({"ccb_dhp"})), 1),
         (taken("enalapril", daily_mg=5.0), 2)],
    )  # fmt: skip
    def test_of_a_dose_or_a_medicine_that_is_no_option(
        self, tmp_path: Path, medicine: Taken, tier: int
    ) -> None:
        """The next dose's; else what is said of every option of the class."""
        knowledge = knowledge_of(tmp_path, options=self.MORE, recommendations=self.SAID)
        found = ranked(knowledge, who(medicine))
        assert next(c for c in found.candidates if c.kind == "keep").tier == tier


class TestOtherIndications:
    OPTIONS: Rows = [
        option("arb", "losartan", "arb", indication="hfpef", daily_mg="50"),
        option("arni", "sacubitril/valsartan", "arni", indication="hfpef"),
        option("mra", "spironolactone", "mra", indication="hfpef", daily_mg="25"),
    ]
    AGAINST = {"applies_to": "class:arb", "indication": "hfpef", "tier": "4"}
    WANTED = {"applies_to": "class:arb", **HTN, "tier": "1"}

    def found(self, folder: Path, *said: dict[str, str], other: Any = "hypertension") -> Any:
        from models_engine.catalogue.treatment.ranking.rank import Subject, rank
        from models_engine.catalogue.treatment.ranking.values import Today
        from models_engine.catalogue.what_if.propagate import Person

        knowledge = knowledge_of(folder, options=self.OPTIONS, recommendations=list(said))
        person = who(taken("losartan", daily_mg=50.0))
        subject = Subject(person, Today({}, Person()), {})
        others = (other,) if other else ()
        return by_key(rank(subject, "hfpef", GUIDED, knowledge, Says(), others=others))

    def test_what_another_indication_wants_is_not_exchanged(self, tmp_path: Path) -> None:
        found = self.found(tmp_path, self.AGAINST, self.WANTED)
        assert "switch:mra:losartan_1" not in found and "add:mra" in found
        stop = found["stop:losartan_1"]
        assert stop.tier == 3 and any("hypertension too" in text for text in stop.unknown)
        # it holds an ARB itself, and does for hypertension what losartan does
        assert "switch:arni:losartan_1" in found

    def test_what_nothing_else_wants_is(self, tmp_path: Path) -> None:
        for other in (None, "ckd_albuminuria"):
            found = self.found(tmp_path, self.AGAINST, self.WANTED, other=other)
            assert "switch:mra:losartan_1" in found and found["stop:losartan_1"].tier == 1

    def test_in_reserve_is_no_reason(self, tmp_path: Path) -> None:
        found = self.found(tmp_path, {**self.AGAINST, "tier": "3"}, other=None)
        assert "switch:mra:losartan_1" not in found


class TestTaken:
    def test_of_a_kind_that_is_never_given_beside_one(self, tmp_path: Path) -> None:
        options = [
            option("acei", "enalapril", "acei", indication="hfref", daily_mg="20"),
            option("arni", "sacubitril/valsartan", "arni", indication="hfref"),
        ]
        rows: Rows = [
            {"applies_to": "class:arni", "event": "mace", "effect": "0.8", "comparator": "acei"},
            {"applies_to": "class:acei", "event": "mace", "effect": "0.75"},
        ]
        knowledge = knowledge_of(tmp_path, options=options, event_effects=rows)
        found = by_key(ranked(knowledge, who(taken("losartan", daily_mg=50.0)), "hfref"))
        assert {"keep:losartan_1", "switch:arni:losartan_1"} <= set(found)
        # nothing is known of losartan here: it is counted as an ACE inhibitor
        mace = found["switch:arni:losartan_1"].benefits[0]
        assert mace.after == pytest.approx(1 - 0.85**0.8)
        assert "counted as" in mace.assumption
        assert not found["switch:acei:losartan_1"].benefits
        assert found["stop:losartan_1"].benefits[0].after == pytest.approx(1 - 0.85 ** (1 / 0.75))

    def test_all_that_lowers_the_pressure(self, tmp_path: Path) -> None:
        knowledge = knowledge_of(tmp_path, options=OPTIONS)
        verapamil = Taken("verapamil", ("verapamil",), frozenset({"ccb_non_dhp"}), 240.0)
        found = by_key(ranked(knowledge, who(verapamil)))
        assert {"keep:verapamil_1", "add:acei"} <= set(found) and "start:acei" not in found

    def test_one_of_two_reasons_to_avoid_goes_with_an_exchange(self, tmp_path: Path) -> None:
        """As with aspirin and clopidogrel after a stent, and an anticoagulant."""

        def check(names: tuple[str, ...], *_: Any, replaces: Any = (), **__: Any) -> Safety:
            pair = ["1", "2"][len(replaces) :] if "spironolactone" in names else []
            return Safety(tuple(finding("D", "interaction", row) for row in pair))

        ranking = ranked(knowledge_of(tmp_path, options=OPTIONS), who(LISINOPRIL), check=check)
        assert at(ranking, "switch:mra:lisinopril_1") < at(ranking, "add:mra")
