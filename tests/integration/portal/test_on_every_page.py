"""What every page of a patient must have: the words' switch, and doubt wherever reasons stand."""

import html
import json
from datetime import timedelta

import pytest

from explain.models import Attribution
from explain.wording.phrases import LEVELS
from explain.wording.reasons import uncertain_reasons
from tests.factories import fhir
from tests.factories.people import NOW, push
from tests.integration.portal.conftest import Portal
from tests.integration.portal.crawl import read_all
from twinportal import pipeline

pytestmark = pytest.mark.django_db
FILE = "/my/record/download/estimates"


def test_words_and_language_can_be_changed_on_every_page(portal: Portal) -> None:
    """UX P14."""
    pages = {
        path: page
        for path, page in read_all(portal.me).items()
        if "<main" in page and not path.startswith(FILE)
    }
    assert len(pages) >= 14, sorted(pages)
    fact = pages["/my/record/facts/"].split('href="/my/record/facts/')[1].split('"')[0]
    pages["wrong"] = portal.page(f"/my/record/facts/{fact}")
    portal.me.post("/my/record/consents/choose/", {"purpose": "see-predictions", "granted": "no"})
    pages["hidden"] = portal.page("/my/")
    assert "You chose not to see numbers" in pages["hidden"]
    for path, page in pages.items():
        for action in ("level", "language"):
            assert page.count(f'action="/my/{action}/"') == 1, (path, action)


class TestUncertainReasons:
    def test_it_is_said_wherever_reasons_are_listed(self, portal: Portal) -> None:
        # given reasons of two days that hang on the people compared with
        push(portal.ehr, fhir.blood_pressure("p1-new", 176, 99, date="2026-11-20T18:00:00Z"))
        pipeline.refresh_twin(portal.mine.pk, now=NOW + timedelta(days=20))
        rows = Attribution.objects.filter(prediction__patient=portal.mine)
        rows.update(overlap=0.2, far=[])
        for level in LEVELS:
            portal.user.literacy_level = level
            portal.user.save()
            said = html.escape(uncertain_reasons(level))
            # then each place that lists them says so, at each level
            for path in ("/my/", "/my/numbers/", "/my/visit/summary/", f"{FILE}.html"):
                page = portal.page(path)
                assert said in page and "data-uncertain" in page, (path, level)
            first = json.loads(portal.page(f"{FILE}.json"))["estimates"][0]
            assert first["reasons_uncertain"] is True
            assert first["reasons_doubt"] == uncertain_reasons(level)

    def test_nothing_is_said_of_reasons_that_stand(self, portal: Portal) -> None:
        Attribution.objects.filter(prediction__patient=portal.mine).update(overlap=1.0, far=[])
        for path in ("/my/", "/my/numbers/", "/my/visit/summary/", f"{FILE}.html"):
            assert "data-uncertain" not in portal.page(path), path
        found = json.loads(portal.page(f"{FILE}.json"))["estimates"]
        assert found and not any(one["reasons_uncertain"] or one["reasons_doubt"] for one in found)
