"""What an AllergyIntolerance says beyond its fact, whatever is odd in it."""

import pytest

from patients.record.allergy_details import AllergyDetails, allergy_details
from patients.record.elements import Json


def test_all_words_of_all_reactions_and_the_gravest_severity() -> None:
    resource: Json = {
        "type": "intolerance",
        "category": ["medication", "food"],
        "reaction": [
            {"manifestation": [{"text": "itching"}], "severity": "mild"},
            {
                "manifestation": [
                    {
                        "coding": [{"code": "41291007", "display": "Angioedema"}],
                        "text": "swollen lips",
                    }
                ],
                "severity": "severe",
            },
        ],
    }
    assert allergy_details(resource) == AllergyDetails(
        "intolerance",
        ("itching", "Angioedema", "swollen lips"),
        "severe",
        frozenset({"medication", "food"}),
    )


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"type": "unknown", "category": "food", "reaction": "itch"},
        {"type": 1, "category": [2], "reaction": [{"manifestation": "itch", "severity": "awful"}]},
        {"reaction": [None, {"manifestation": [{"coding": [{"code": "1"}]}]}]},
    ],
)
def test_odd_content_reads_as_absent(resource: Json) -> None:
    assert allergy_details(resource) == AllergyDetails()
