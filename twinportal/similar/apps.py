from django.apps import AppConfig


class SimilarConfig(AppConfig):
    name = "twinportal.similar"
    label = "similar"
    default_auto_field = "django.db.models.BigAutoField"
