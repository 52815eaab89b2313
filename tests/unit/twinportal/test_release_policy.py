"""The grammar of TWINPORTAL_RELEASE_POLICY: what it releases, and what it refuses to mean."""

import pytest
from django.core.checks import Error
from hypothesis import given
from hypothesis import strategies as st

from twinportal.release.apps import policy_names_known_models
from twinportal.release.policy import MODES, parse_policy

PREVENT, KFRE = "prevent_base_10y", "kfre_8v"


@pytest.mark.parametrize(
    ("text", "prevent", "kfre", "forecasts"),
    [
        ("review", False, False, False),
        ("auto", True, True, True),
        ("review,prevent=auto", True, False, False),
        ("review, prevent=auto , kfre=review", True, False, False),
        ("auto,prevent=review", False, True, True),
        ("review,forecasts=auto", False, False, True),
        ("auto,forecasts=review", True, True, False),
        # the longest name counts, wherever it stands
        ("review,prevent_base_10y=auto,prevent=review", True, False, False),
        ("auto,prevent=auto,prevent_base=review", False, True, True),
        # a name is no mere beginning of a word
        ("review,prev=auto,kfre_8=auto", False, False, False),
    ],
)
def test_what_is_released_at_once(text: str, prevent: bool, kfre: bool, forecasts: bool) -> None:
    policy = parse_policy(text)
    assert policy.releases(PREVENT) is prevent
    assert policy.releases(KFRE) is kfre
    assert policy.releases_forecasts is forecasts
    assert policy.releases_nothing is (not any(MODES.get(p.split("=")[-1].strip()) for p in
                                               text.split(",") if "forecasts" not in p))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "''"),
        ("Auto", "'Auto'"),
        ("prevent=auto", "'prevent=auto'"),
        ("review,", "''"),
        ("review,prevent", "'prevent'"),
        ("review,prevent=maybe", "'prevent=maybe'"),
        ("review,=auto", "'=auto'"),
        ("review,a b=auto", "'a b=auto'"),
        ("review,kfre=auto,kfre=review", "'kfre'"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=r"begins|goes on|twice") as raised:
        parse_policy(text)
    assert named in str(raised.value)


@given(st.text(alphabet="abkfreviwuto,=_ 8*", max_size=30))
def test_no_text_releases_by_mistake(text: str) -> None:
    """Either it cannot be read, or "auto" stands in it."""
    try:
        policy = parse_policy(text)
    except ValueError:
        return
    assert policy.releases(KFRE) <= ("auto" in text)


def errors(settings: object, text: str) -> list[Error]:
    settings.RELEASE_POLICY = text  # type: ignore[attr-defined]
    return policy_names_known_models()


def test_the_start_names_an_unknown_model_and_the_known(settings: object) -> None:
    (error,) = errors(settings, "auto,prevnt=review")
    assert "'prevnt' is no model here" in error.msg and PREVENT in error.msg


def test_what_is_for_clinicians_alone_is_not_released_by_name(settings: object) -> None:
    (error,) = errors(settings, "review,news2=auto")
    assert "'news2' is for clinicians alone" in error.msg
    assert errors(settings, "auto,news2=review") == []


def test_models_that_another_region_would_have_are_known(settings: object) -> None:
    assert errors(settings, "review,score2=auto,prevent=auto,kfre_4v=auto,forecasts=auto") == []
