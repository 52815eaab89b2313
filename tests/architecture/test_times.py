"""Templates write moments in the zone of the site: none calls that UTC, whatever the zone is."""

import re
from datetime import UTC, datetime

from django.template import engines
from django.test import override_settings

from tests.data import ROOT


def test_no_template_calls_the_time_of_the_site_utc() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if re.search(r'date:"[^"]*H:i[^"]*"[^}]*\}\}\s*UTC', path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_the_name_of_the_zone_is_what_stands_beside_a_time() -> None:
    at = datetime(2026, 11, 18, 7, tzinfo=UTC)
    template = engines["django"].from_string('{{ at|date:"j M Y, H:i e" }}')
    for zone, shown in (
        ("UTC", "18 Nov 2026, 07:00 UTC"),
        ("Europe/Vienna", "18 Nov 2026, 08:00 CET"),
    ):
        with override_settings(TIME_ZONE=zone):
            assert template.render({"at": at}) == shown
