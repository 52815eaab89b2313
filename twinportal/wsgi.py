import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinportal.settings")
application = get_wsgi_application()

# after the settings: it belongs to a Django app
from patients.services.garbage import collect_rarely

collect_rarely()
