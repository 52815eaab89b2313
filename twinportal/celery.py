import os

from celery import Celery
from celery.signals import worker_process_init

from patients.services.garbage import collect_rarely

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinportal.settings")

app = Celery("twinportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["twinportal", "twinportal.molecular"])


@worker_process_init.connect
def spare_the_collector(**_: object) -> None:
    """As the web server does: an import's lines cost a fifth less."""
    collect_rarely()
