from django.apps import AppConfig


class AttentionConfig(AppConfig):
    name = "twinportal.attention"
    label = "attention"
    default_auto_field = "django.db.models.BigAutoField"
