"""The whole way on a planted process: the true probabilities are known, and are recovered."""

import copy
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models_engine.catalogue.disease import train as train_module
from models_engine.catalogue.disease.artefact import ArtefactError, Trajectories, read, write
from models_engine.catalogue.disease.landmarks import Rules
from models_engine.catalogue.disease.methods import Method
from models_engine.catalogue.disease.people import Part, People, Person, draws, part_of
from models_engine.catalogue.disease.predict import Found, Refusal, next_conditions
from models_engine.catalogue.disease.train import NotEnoughError, Settings, train
from tests.unit.models_engine.catalogue.disease.planted import (
    AS_OF,
    COMMON,
    HAZARDS,
    ROOTS,
    START,
    planted,
    truth,
)
from twinportal.dashboards.clinician.next_conditions import _held_out
from twinportal.dashboards.disease_trajectories import method_sentence
from twinportal.dashboards.model_facts.disease_page import DiseasePage

SETTINGS = Settings(rules=Rules(min_history=2))
RARE = "icd10:E85"
TODAY = START + 1000


def trained(people: Sequence[Person], settings: Settings = SETTINGS) -> dict[str, Any]:
    return train(people, settings, as_of=AS_OF, labels=lambda token: token.upper())


@pytest.fixture(scope="module")
def people() -> list[Person]:
    found = planted(8000)
    # a disease of so few that it could tell who they are
    for i in range(12):
        rare = (RARE, START + 700, True)
        found[i * 7] = replace(found[i * 7], diagnoses=(*found[i * 7].diagnoses, rare))
    return found


@pytest.fixture(scope="module")
def content(people: list[Person]) -> dict[str, Any]:
    return trained(people)


@pytest.fixture(scope="module")
def artefact(content: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Trajectories:
    path = write(tmp_path_factory.mktemp("artefacts"), content)
    return read(path.parent, path.stem)


def somebody(*tokens: str, **more: Any) -> Person:
    diagnoses = tuple((token, START + 100, True) for token in tokens)
    made = Person("q", START - 18_000, "female", ((START, START + 2000),), diagnoses)
    return replace(made, **more)


def asked(artefact: Trajectories, *tokens: str, **more: Any) -> Found:
    return next_conditions(artefact, somebody(*tokens, **more), TODAY)


class TestPlanted:
    def test_the_history_is_used_since_it_says_more(self, content: dict[str, Any]) -> None:
        assert content["method"] == Method.CONDITIONAL
        gain = content["held_out"]["methods"]["gain"]
        assert gain["conditional"]["low"] > 0
        assert gain["conditional"]["mean"] > gain["age_sex"]["high"]

    @pytest.mark.parametrize("root", ROOTS)
    def test_the_true_probabilities_are_recovered(self, artefact: Trajectories, root: str) -> None:
        found = asked(artefact, root, COMMON)

        assert {row.token for row in found.rows} == set(HAZARDS)
        for row in found.rows:
            true = truth(HAZARDS[row.token][root])
            assert row.share.probability == pytest.approx(true, abs=0.03), row.token
            # an interval of 95 % and half of its width more, for the groups are not pure
            slack = (row.share.high - row.share.low) / 2
            assert row.share.low - slack <= true <= row.share.high + slack
            assert row.share.people >= 20 and row.share.events >= 20

    def test_the_likeliest_stands_first_beside_people_of_the_same_age_and_sex(
        self, artefact: Trajectories
    ) -> None:
        first = asked(artefact, ROOTS[0], COMMON).rows[0]

        assert first.token == "concept:heart_failure"
        assert first.label == "CONCEPT:HEART_FAILURE"
        assert first.nearest == ROOTS[0].upper()
        assert first.same_age_sex is not None
        assert first.same_age_sex.probability < first.share.probability - 0.05

    def test_who_has_both_roots_is_told_no_less_than_who_has_one(
        self, artefact: Trajectories
    ) -> None:
        both = {row.token: row for row in asked(artefact, *ROOTS, COMMON).rows}
        for root in ROOTS:
            for row in asked(artefact, root, COMMON).rows:
                assert both[row.token].share.probability >= row.share.probability
        assert both["icd10:C34"].nearest == ROOTS[1].upper()

    def test_held_out_people_agree(self, content: dict[str, Any]) -> None:
        for measured in (content["held_out"], content["held_out_in_time"]):
            (whole,) = measured["in_the_large"]
            assert whole["observed"] == pytest.approx(whole["predicted"], rel=0.12)
            assert len(measured["calibration"]) >= 3
        assert content["problems"] == []

    def test_where_history_says_nothing_a_simple_method_is_used(self) -> None:
        same = {token: dict.fromkeys(ROOTS, 0.1) for token in HAZARDS}

        found = trained(planted(3000, seed=4, hazards=same))

        assert found["method"] in (Method.FREQUENCY, Method.AGE_SEX)
        assert found["model"]["lifts"] == [] and found["model"]["vectors"] == []


class TestArtefact:
    def test_the_same_people_give_the_same_bytes_in_any_order(
        self, people: list[Person], content: dict[str, Any]
    ) -> None:
        assert json.dumps(trained(people[::-1])) == json.dumps(content)

    def test_nothing_is_kept_that_fewer_people_share(
        self, people: list[Person], content: dict[str, Any]
    ) -> None:
        text = json.dumps(content)
        assert RARE not in text
        assert "person-" not in text, "no key of a person"
        assert str(START) not in text, "no day of one"
        counts = list(_numbers(content, "people")) + list(_numbers(content, "events"))
        assert counts and all(n >= SETTINGS.least_people for n in counts)
        for groups in content["groups"].values():
            shares = [s for g in groups if g for s in g["shares"]]
            assert all(set(s) == {"probability", "low", "high", "people", "events"} for s in shares)

    def test_a_larger_k_keeps_less(self, people: list[Person], content: dict[str, Any]) -> None:
        strict = Settings(rules=SETTINGS.rules, least_people=200, least_events=200)
        try:
            found = trained(people, strict)
        except NotEnoughError:
            return
        assert len(found["outcomes"]) <= len(content["outcomes"])
        assert all(n >= 200 for n in _numbers(found["groups"], "people"))

    def test_it_is_named_by_its_hash_and_refused_once_changed(
        self, content: dict[str, Any], tmp_path: Path
    ) -> None:
        path = write(tmp_path, content)
        assert read(tmp_path, path.stem).content == json.loads(path.read_text())
        path.write_bytes(path.read_bytes().replace(b"conditional", b"Conditional", 1))
        with pytest.raises(ArtefactError, match="has been changed"):
            read(tmp_path, path.stem)

    @pytest.mark.parametrize("name", ["", "../secret", "0" * 63, "G" * 64])
    def test_a_name_that_is_no_hash_is_refused(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ArtefactError, match="64 hexadecimal"):
            read(tmp_path, name)

    def test_one_that_is_not_there_or_of_another_format_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ArtefactError, match="can be read"):
            read(tmp_path, "0" * 64)
        other = write(tmp_path, {"format": "something-else/1"})
        with pytest.raises(ArtefactError, match="another format"):
            read(tmp_path, other.stem)


def named_by_its_hash(folder: Path, raw: bytes) -> str:
    sha256 = hashlib.sha256(raw).hexdigest()
    (folder / f"{sha256}.json").write_bytes(raw)
    return sha256


class TestMalformed:
    """The hash is right, the content is not."""

    @pytest.mark.parametrize(
        "raw",
        [
            *(b"", b"no JSON", b"[]", b"null", b'"x"', b"{}", b"\xff\xfe", b"NaN"),
            *(b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000),
        ],
        ids=lambda raw: raw[:8].decode("latin-1"),
    )
    def test_no_artefact_at_all(self, tmp_path: Path, raw: bytes) -> None:
        with pytest.raises(ArtefactError, match=r"cannot be used|another format"):
            read(tmp_path, named_by_its_hash(tmp_path, raw))

    def test_deep_nesting_where_nobody_reads(self, content: dict[str, Any], tmp_path: Path) -> None:
        text = json.dumps(content | {"more": "HERE"}).replace(
            '"HERE"', "[" * 100_000 + "]" * 100_000
        )
        with pytest.raises(ArtefactError, match="cannot be used"):
            read(tmp_path, named_by_its_hash(tmp_path, text.encode()))

    def test_every_key_is_asked_for_and_every_type(
        self, content: dict[str, Any], tmp_path: Path
    ) -> None:
        """One leaf or branch at a time is left out, or is something else: refused, or harmless."""
        refused = 0
        for path in _places(content):
            for other in (None, "x", [], {}, -1, True):
                changed = _with(content, path, other)
                if changed == content:
                    continue
                try:
                    found = read(tmp_path, write(tmp_path, changed).stem)
                except ArtefactError:
                    refused += 1
                else:
                    self.is_usable(found)
            without = _with(content, path, _GONE)
            try:
                found = read(tmp_path, write(tmp_path, without).stem)
            except ArtefactError:
                refused += 1
            else:
                self.is_usable(found)
        assert refused > 300

    def is_usable(self, found: Trajectories) -> None:
        """Everything that pages ask for."""
        asked(found, ROOTS[0], COMMON)
        page = DiseasePage(found)
        assert (
            page.facts and page.measurements and page.outcomes is not None and page.few is not None
        )
        _held_out(found) if not found.problems else None

    @pytest.mark.parametrize(
        ("path", "value", "said"),
        [
            (("outcomes", 0), 99, "outcomes are different tokens"),
            (("model", "lifts", 0), [99, 0, 1.0], "lifts are of tokens"),
            (("labels",), ["one"], "each token has a label"),
            (("model", "coefficients"), {}, "the method has its coefficients"),
            (("groups", "conditional", 0, "upper"), [], "one limit less"),
            (("groups", "age_sex", 0, "shares", 0, "probability"), 1.2, "less than or equal to 1"),
            (("settings", "rules", "window"), 0, "greater than or equal to 1"),
            (("settings", "rules", "other"), 1, "not permitted"),
            (("held_out", "in_the_large"), [], "what is shown was measured"),
        ],
    )
    def test_what_is_against_the_rest(
        self, content: dict[str, Any], tmp_path: Path, path: Any, value: Any, said: str
    ) -> None:
        changed = write(tmp_path, _with(content, path, value))
        with pytest.raises(ArtefactError, match=said):
            read(tmp_path, changed.stem)


_GONE = object()


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every key, and the first of each list."""
    if isinstance(node, dict):
        found = [(*path, key) for key in node]
        return found + [p for key, v in node.items() for p in _places(v, (*path, key))]
    if isinstance(node, list) and node:
        return [(*path, 0), *_places(node[0], (*path, 0))]
    return []


def _with(content: Any, path: Sequence[Any], value: Any) -> Any:
    """A copy with another value at that place, or without it."""
    made = copy.copy(content)
    if len(path) > 1:
        made[path[0]] = _with(content[path[0]], path[1:], value)
    elif value is _GONE:
        del made[path[0]]
    else:
        made[path[0]] = value
    return made


def _numbers(node: Any, name: str) -> list[float]:
    """Every number under a key of that name, at any depth."""
    if isinstance(node, list):
        return [n for part in node for n in _numbers(part, name)]
    if not isinstance(node, dict):
        return []
    mine = [v for k, v in node.items() if k == name and isinstance(v, int | float)]
    return [*mine, *(n for v in node.values() for n in _numbers(v, name))]


class TestRefusals:
    @pytest.mark.parametrize(
        ("tokens", "more", "refusal"),
        [
            ((), {}, Refusal.HISTORY_TOO_SHORT),
            ((ROOTS[0],), {}, Refusal.HISTORY_TOO_SHORT),
            (("icd10:A15", "snomed:195967001"), {}, Refusal.NOTHING_KNOWN),
            ((ROOTS[0], "icd10:A15"), {}, Refusal.HISTORY_TOO_SHORT),
            ((ROOTS[0], COMMON), {"death": TODAY - 5}, Refusal.DIED),
            ((ROOTS[0], COMMON), {"periods": ()}, Refusal.NOT_OBSERVED),
            ((ROOTS[0], COMMON), {"periods": ((START, TODAY - 1),)}, Refusal.NOT_OBSERVED),
            ((ROOTS[0], COMMON), {"periods": ((TODAY - 364, TODAY),)}, Refusal.RECORD_TOO_SHORT),
            ((ROOTS[0], COMMON, *HAZARDS), {}, Refusal.NOTHING_AT_RISK),
        ],
    )
    def test_no_number_without_what_it_rests_on(
        self,
        artefact: Trajectories,
        tokens: tuple[str, ...],
        more: dict[str, Any],
        refusal: Refusal,
    ) -> None:
        found = asked(artefact, *tokens, **more)

        assert found.refusal is refusal and found.rows == ()

    def test_known_diagnoses_are_not_next_and_unknown_ones_are_counted(
        self, artefact: Trajectories
    ) -> None:
        found = asked(artefact, ROOTS[0], COMMON, "icd10:M17", "icd10:A15")

        assert "icd10:M17" not in {row.token for row in found.rows}
        assert (found.known, found.unknown) == (3, 1)

    def test_what_comes_later_in_the_record_changes_nothing(self, artefact: Trajectories) -> None:
        before = asked(artefact, ROOTS[0], COMMON)
        later = somebody(ROOTS[0], COMMON)
        later = replace(later, diagnoses=(*later.diagnoses, ("icd10:M17", TODAY + 1, True)))

        assert next_conditions(artefact, later, TODAY) == before

    @pytest.mark.parametrize(
        ("number", "said"),
        [(10, "no diagnosis is shared"), (150, "no diagnosis was made"), (0, "0")],
    )
    def test_too_few_people_train_nothing(self, number: int, said: str) -> None:
        with pytest.raises(NotEnoughError, match=said):
            trained(planted(number))

    def test_too_few_to_measure_train_nothing(self) -> None:
        with pytest.raises(NotEnoughError, match="with a next diagnosis to choose"):
            trained(planted(2000), replace(SETTINGS, least_asked=500))
        with pytest.raises(NotEnoughError, match="nobody was observed"):
            trained(planted(900), replace(SETTINGS, rules=Rules(run_in=9999)))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"least_people": 4},
            {"least_events": 19},
            {"least_asked": 9},
            {"dimensions": 0},
            {"half_life": 0.0},
            {"rules": Rules(window=0)},
            {"rules": Rules(min_history=0)},
        ],
    )
    def test_settings_that_protect_nobody_are_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"at least|above 0"):
            replace(SETTINGS, **wrong)


def test_an_artefact_of_the_embedding_reads_as_it_was_fitted(
    people: list[Person], content: dict[str, Any], tmp_path: Path
) -> None:
    made = People(tuple(content["tokens"]), tuple(people), SETTINGS.seed, AS_OF)
    fitted = train_module.fit(made, made.parts, SETTINGS)
    used = (Method.EMBEDDING, Method.AGE_SEX)
    written = content | {
        "method": Method.EMBEDDING.value,
        "model": train_module._model(fitted, Method.EMBEDDING),
        "groups": {m.value: [train_module._written(g) for g in fitted.groups[m]] for m in used},
    }
    path = write(tmp_path, written)

    artefact = read(tmp_path, path.stem)

    assert artefact.fitted.vectors.tolist() == fitted.fitted.vectors.tolist()
    found = asked(artefact, ROOTS[0], COMMON)
    assert {row.token for row in found.rows} == set(HAZARDS)
    assert "It was the best" in method_sentence(artefact)
    assert written["model"]["lifts"] == []


def test_where_memory_ends_whole_people_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = planted(1500)
    monkeypatch.setattr(train_module, "MOST_IN_FULL", 600)

    found = trained(everybody)

    shares = [s for g in found["groups"]["age_sex"] if g for s in g["shares"]]
    counted = [p for p in everybody if part_of(draws(p.key, 1)[0]) is Part.CALIBRATE]
    assert all(s["people"] < len(counted) for s in shares)


def test_a_model_that_is_wrong_in_held_out_people_says_so() -> None:
    """Training on one world and being measured in another is what `problems` is for."""
    calm = {token: dict.fromkeys(ROOTS, 0.03) for token in HAZARDS}
    wild = {token: dict.fromkeys(ROOTS, 0.25) for token in HAZARDS}

    here, there = planted(2500, seed=8, hazards=calm), planted(2500, seed=9, hazards=wild)
    mixed = [
        two if part_of(draws(one.key, SETTINGS.seed)[0]) is Part.TEST else one
        for one, two in zip(here, there, strict=True)
    ]

    found = trained(mixed)

    (problem,) = found["problems"]
    assert "times as often as predicted" in problem
