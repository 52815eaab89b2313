from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "twinportal.visits"
    label = "visits"
    default_auto_field = "django.db.models.BigAutoField"
