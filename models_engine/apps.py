from django.apps import AppConfig


class ModelsEngineConfig(AppConfig):
    name = "models_engine"
    default_auto_field = "django.db.models.BigAutoField"
