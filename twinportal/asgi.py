import os

from django.core.asgi import get_asgi_application

import twinportal.celery  # noqa: F401  (the default Celery app of every process)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinportal.settings")
application = get_asgi_application()
