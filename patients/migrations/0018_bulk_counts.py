from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0017_quarantine_about_identifiers")]

    operations = [
        migrations.AddField(
            model_name="bulkfile",
            name="counts",
            field=models.JSONField(
                default=dict, help_text="Of an input: resources stored, by type."
            ),
        ),
    ]
