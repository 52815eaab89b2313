"""Rules that fire when flags begin to be followed: raised at the refresh that is known."""

from django.db import migrations

RAISE = """
INSERT INTO attention_flag (patient_id, rule_id, outcome, prediction_id, probability, raised_at)
SELECT patient_id, rule_id, outcome, prediction_id, probability, refreshed_at
FROM attention_worklistentry WHERE rule_id <> ''
"""
LINK = """
UPDATE attention_worklistentry entry SET flag_id = flag.id FROM attention_flag flag
WHERE flag.patient_id = entry.patient_id AND flag.ended_at IS NULL
"""
DATE = "UPDATE attention_worklistentry SET changed_at = refreshed_at"


class Migration(migrations.Migration):
    dependencies = [("attention", "0002_flags_and_views")]
    operations = [
        migrations.RunSQL(RAISE, migrations.RunSQL.noop),
        migrations.RunSQL(LINK, migrations.RunSQL.noop),
        migrations.RunSQL(DATE, migrations.RunSQL.noop),
    ]
