from django.apps import AppConfig


class TwinportalConfig(AppConfig):
    """The composition root: management commands and the pipeline; its tables live in sub-apps."""

    name = "twinportal"
