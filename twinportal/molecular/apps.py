from django.apps import AppConfig


class MolecularConfig(AppConfig):
    name = "twinportal.molecular"
    label = "molecular"
    default_auto_field = "django.db.models.BigAutoField"
