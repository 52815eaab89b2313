import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0016_sent_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="quarantinedresource",
            name="about_identifiers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(),
                blank=True,
                default=list,
                help_text="Tokens of the identifiers it names patients by, as in Resource.tokens.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="quarantinedresource",
            name="entries",
            field=models.PositiveIntegerField(default=1, help_text="How many a transaction has."),
        ),
        migrations.AddField(
            model_name="quarantinedresource",
            name="looked_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When a data steward first opened it after it ended.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="quarantinedresource",
            index=models.Index(
                condition=models.Q(("looked_at__isnull", True), ("state", "superseded")),
                fields=["-id"],
                name="quarantine_unseen",
            ),
        ),
    ]
