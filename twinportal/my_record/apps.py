from django.apps import AppConfig


class MyRecordConfig(AppConfig):
    name = "twinportal.my_record"
    label = "my_record"
    default_auto_field = "django.db.models.BigAutoField"
