"""Every setting of Twinportal, read from the environment, loud when something is missing.

TWINPORTAL_MODE is `production` unless said otherwise: nothing opens by accident.
"""

import os
import re
from pathlib import Path
from typing import Any

import dj_database_url
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_noop

from twinportal.release.policy import parse_policy

BASE_DIR = Path(__file__).resolve().parent.parent


def get_env(name: str, default: str | None = None, *, hint: str = "") -> str:
    """The environment variable `name`; ImproperlyConfigured with `hint` if it is needed and unset."""
    value = os.environ.get(name) or default
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}. {hint}".strip())
    return value


MODE = get_env("TWINPORTAL_MODE", "production")
if MODE not in {"production", "demo", "test"}:
    raise ImproperlyConfigured("TWINPORTAL_MODE is one of production, demo, test.")
IS_PRODUCTION = MODE == "production"
DEBUG = False

SECRET_KEY = get_env(
    "SECRET_KEY",
    None if IS_PRODUCTION else f"not-secret-{MODE}",
    hint="Any long random text, the same for every process: openssl rand -base64 48",
)
ALLOWED_HOSTS = get_env(
    "ALLOWED_HOSTS",
    None if IS_PRODUCTION else "localhost,127.0.0.1,[::1],testserver",
    hint="Host names, separated by commas.",
).split(",")
CSRF_TRUSTED_ORIGINS = [o for o in get_env("CSRF_TRUSTED_ORIGINS", "").split(",") if o]
# This server as its clients know it, https://twin.example.org; else what each request says
PUBLIC_URL = get_env("TWINPORTAL_PUBLIC_URL", "").rstrip("/")
VERSION = "0.1.0"
VAR_DIR = Path(get_env("TWINPORTAL_VAR", str(BASE_DIR / "var")))

# --- Data -------------------------------------------------------------------------------------
DATABASE_HINT = "postgresql://user:password@host/database; `make demo` starts one of its own."
DATABASES = {
    "default": dj_database_url.parse(
        get_env(
            "DATABASE_URL",
            None if IS_PRODUCTION else "postgresql:///twinportal",
            hint=DATABASE_HINT,
        ),
        conn_max_age=60,
        conn_health_checks=True,
    )
}
REDIS_URL = get_env(
    "REDIS_URL",
    None if IS_PRODUCTION else "redis://127.0.0.1:6379/0",
    hint="redis://:password@host:6379/0",
)
CACHES = {
    # each process has its own: what a page may lose
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # the requests of each client, counted by all web processes together
    "rates": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "rates",
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Applications -----------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "oauth2_provider",
    "rest_framework",
    "patients",
    "models_engine",
    "explain",
    "twinportal.accounts",
    "twinportal.attention",
    "twinportal.dashboards",
    "twinportal.molecular",
    "twinportal.my_record",
    "twinportal.population",
    "twinportal.release",
    "twinportal.similar",
    "twinportal.what_if",
    "twinportal.treatment",
    "twinportal.visits",
    "twinportal",
]
MIDDLEWARE = [
    "twinportal.middleware.UnreadBodyMiddleware",
    "twinportal.middleware.RequestIdMiddleware",
    "twinportal.logs.AccessLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "twinportal.accounts.languages.LanguageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "twinportal.middleware.NoStoreMiddleware",
    "twinportal.my_record.hidden.HiddenPredictionsMiddleware",
]
ROOT_URLCONF = "twinportal.urls"
WSGI_APPLICATION = "twinportal.wsgi.application"
ASGI_APPLICATION = "twinportal.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    }
]

# --- People -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_ADAPTER = "twinportal.accounts.adapters.ClosedAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# When may a patient see a prediction? `review`: after a clinician released it. `auto`: at once. With
# exceptions, as `review,prevent=auto`: docs/release-policy.md
RELEASE_POLICY = get_env("TWINPORTAL_RELEASE_POLICY", "auto" if MODE == "demo" else "review")
try:
    parse_policy(RELEASE_POLICY)
except ValueError as fault:
    raise ImproperlyConfigured(f"TWINPORTAL_RELEASE_POLICY {fault}.") from None
# What the patient's page says under "whom to call"
CONTACT = get_env("TWINPORTAL_CONTACT", gettext_noop("your usual clinic"))
EMERGENCY_NUMBER = get_env("TWINPORTAL_EMERGENCY_NUMBER", "911")
# Three questions on reading, 3 to 15 points: up to this score simple words are suggested. Published
# cut-offs differ (8 or 9), so that it is a setting.
BHLS_CUTOFF = int(get_env("TWINPORTAL_BHLS_CUTOFF", "9"))
if not 3 <= BHLS_CUTOFF <= 15:
    raise ImproperlyConfigured("TWINPORTAL_BHLS_CUTOFF is a score from 3 to 15.")

# How often an open worklist asks whether there are new results, in seconds; 0: never
WORKLIST_NEWS_SECONDS = int(get_env("TWINPORTAL_WORKLIST_NEWS_SECONDS", "30"))
# Alerts that a clinic means to look at, per 100 patients in 30 days; above it the page says so
ALERT_BUDGET = float(get_env("TWINPORTAL_ALERT_BUDGET", "10"))
# Every so many seconds an open twin page asks whether there is anything new; 0: never.
TWIN_POLL_SECONDS = int(get_env("TWINPORTAL_TWIN_POLL_SECONDS", "15"))

# --- FHIR door --------------------------------------------------------------------------------
FHIR_MAX_BODY_BYTES = int(get_env("FHIR_MAX_BODY_BYTES", str(50 * 1024 * 1024)))
FHIR_MAX_BUNDLE_ENTRIES = int(get_env("FHIR_MAX_BUNDLE_ENTRIES", "10000"))
# what may wait in quarantine of one tolerant client; beyond it a faulty resource is refused again
FHIR_MAX_QUARANTINED = int(get_env("FHIR_MAX_QUARANTINED", "100000"))
# resources that one page of a search may bring along by _include and _revinclude
FHIR_MAX_INCLUDED = int(get_env("FHIR_MAX_INCLUDED", "10000"))
# Requests of one client, as 20000/min; empty or off: any number. About what two cores answer of single
# requests: an EHR that sends as fast as it can is served, and one gone wild on larger machines
# leaves room for others. A bundle is one request, so that a backfill never meets it.
FHIR_RATE = os.environ.get("FHIR_RATE", "20000/min")
# requests of one address without a valid token; those with one are not counted
FHIR_ANONYMOUS_RATE = os.environ.get("FHIR_ANONYMOUS_RATE", "600/min")
for rate in (FHIR_RATE, FHIR_ANONYMOUS_RATE):
    if not re.fullmatch(r"(off|[1-9][0-9]{0,8}/(s|min|h|d))?", rate):
        raise ImproperlyConfigured(f"A rate is as 20000/min, 500/s or off, not {rate!r}.")
# --- Bulk data: files of imports and exports, for their client only -----------------------------
BULK_DIR = Path(get_env("TWINPORTAL_BULK_DIR", str(VAR_DIR / "bulk")))
# what may be imported without being uploaded: NDJSON under this folder; empty: nothing
FHIR_IMPORT_DIR = get_env("FHIR_IMPORT_DIR", "")
FHIR_MAX_IMPORT_BYTES = int(get_env("FHIR_MAX_IMPORT_BYTES", str(4 * 1024**3)))
# an import with more rejected lines than this ends: something else is wrong with it
FHIR_MAX_IMPORT_FAULTS = int(get_env("FHIR_MAX_IMPORT_FAULTS", "100000"))
BULK_FILE_HOURS = float(get_env("TWINPORTAL_BULK_FILE_HOURS", "24"))
# open jobs of one client; one more is a 429
BULK_MOST_JOBS = int(get_env("TWINPORTAL_BULK_MOST_JOBS", "5"))
# How soon a process stores what it has counted of its clients; 0: only when it is asked to
ACTIVITY_SECONDS = float(get_env("TWINPORTAL_ACTIVITY_SECONDS", "2"))
# how long those counts are kept
ACTIVITY_DAYS = 90
DATA_UPLOAD_MAX_MEMORY_SIZE = FHIR_MAX_BODY_BYTES
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "oauth2_provider.contrib.rest_framework.OAuth2Authentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
# An access token lives five minutes; the demo's EHR has one that lasts as long as the demo
TOKEN_SECONDS = 300
MOST_TOKEN_SECONDS = 366 * 24 * 60 * 60 if MODE == "demo" else TOKEN_SECONDS
OAUTH2_PROVIDER = {
    "SCOPES": {
        "system/*.rs": "Read and search every resource",
        "system/*.cud": "Create, update and delete every resource",
    },
    "DEFAULT_SCOPES": ["system/*.rs"],
    "ACCESS_TOKEN_EXPIRE_SECONDS": TOKEN_SECONDS,
    "PKCE_REQUIRED": True,
    # systems with keys of their own, and nobody else (SMART Backend Services)
    "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.BackendApplicationServer",
    "OAUTH2_VALIDATOR_CLASS": "patients.sign_on.validator.BackendServicesValidator",
    # the table of tokens opens no door: it has their checksums only
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
}
# North America or elsewhere: the baseline survival of the kidney failure risk equation
KFRE_REGION = get_env("TWINPORTAL_KFRE_REGION", "north_america")
# low, moderate, high or very_high: the risk region of SCORE2; without it SCORE2 is not offered
SCORE2_REGION = get_env("TWINPORTAL_SCORE2_REGION", "")
# The SHA-256 of an artefact of train_disease_trajectories; without it nothing is shown of what
# often comes next
DISEASE_TRAJECTORIES = get_env("TWINPORTAL_DISEASE_TRAJECTORIES", "").lower()
if not re.fullmatch(r"([0-9a-f]{64})?", DISEASE_TRAJECTORIES):
    raise ImproperlyConfigured("TWINPORTAL_DISEASE_TRAJECTORIES is the SHA-256 of an artefact.")
DISEASE_TRAJECTORIES_DIR = Path(
    get_env("TWINPORTAL_DISEASE_TRAJECTORIES_DIR", str(VAR_DIR / "disease-trajectories"))
)
# Packages of third parties whose models may run, by distribution name, separated by commas. They
# run with all rights of the portal: list none that you would not install as the portal itself
MODEL_PLUGINS = tuple(
    name for part in get_env("TWINPORTAL_MODEL_PLUGINS", "").split(",") if (name := part.strip())
)
# A folder of a site's own tables of treatment knowledge; its rows are added, or replace ours
KNOWLEDGE_DIR = Path(folder) if (folder := get_env("TWINPORTAL_KNOWLEDGE_DIR", "")) else None

# People like you: off, or on; a count below SIMILAR_K, and what could tell of one, is not shown
SIMILAR = get_env("TWINPORTAL_SIMILAR", "on")
if SIMILAR not in {"on", "off"}:
    raise ImproperlyConfigured("TWINPORTAL_SIMILAR is one of on, off.")
SIMILAR_K = int(get_env("TWINPORTAL_SIMILAR_K", "10"))
if SIMILAR_K < 5:
    raise ImproperlyConfigured("TWINPORTAL_SIMILAR_K is 5 or more.")

# --- Molecular data: what one uploaded table may be, unpacked, and one AnnData file ---------------
MOLECULAR_MAX_UPLOAD_BYTES = int(get_env("TWINPORTAL_MOLECULAR_MAX_UPLOAD_BYTES", str(25 * 2**20)))
MOLECULAR_MAX_H5AD_BYTES = int(get_env("TWINPORTAL_MOLECULAR_MAX_H5AD_BYTES", str(500 * 2**20)))

# --- Celery -----------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# a wake-up that cannot be sent at once is dropped: the stale mark in the database is the truth
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
}
SWEEP_SECONDS = float(get_env("TWINPORTAL_SWEEP_SECONDS", "15"))
# when every twin is scored anew, day by day (UTC), or "off"
POPULATION_AT = get_env("TWINPORTAL_POPULATION_AT", "02:30")
if POPULATION_AT != "off" and not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", POPULATION_AT):
    raise ImproperlyConfigured("TWINPORTAL_POPULATION_AT is a time like 02:30 (UTC), or off.")
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep-stale-twins": {
        "task": "twinportal.tasks.sweep_stale_twins",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    "sweep-mappings": {
        "task": "twinportal.tasks.sweep_mappings",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    "survey-codes": {
        "task": "twinportal.tasks.survey_codes",
        "schedule": 24 * 60 * 60,
    },
    "mark-expired-predictions": {
        "task": "twinportal.tasks.mark_expired_predictions",
        "schedule": 60 * 60,
    },
    "sweep-bulk-jobs": {
        "task": "twinportal.tasks.sweep_bulk_jobs",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    "sweep-population": {
        "task": "twinportal.tasks.sweep_population",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "sweep-molecular": {
        "task": "twinportal.molecular.tasks.sweep_molecular",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "expire-bulk-jobs": {
        "task": "twinportal.tasks.expire_bulk_jobs",
        "schedule": 10 * 60,
    },
    "replay-quarantined": {
        "task": "twinportal.tasks.replay_quarantined",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "mark-expired-observations": {
        "task": "twinportal.tasks.mark_expired_observations",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "clear-expired-sign-ons": {
        "task": "twinportal.tasks.clear_expired_sign_ons",
        "schedule": 10 * 60,
    },
    "monitor-models": {
        "task": "twinportal.tasks.monitor_models",
        "schedule": 24 * 60 * 60,
        "options": {"expires": 12 * 60 * 60},
    },
    "clear-old-activity": {
        "task": "twinportal.tasks.clear_old_activity",
        "schedule": 24 * 60 * 60,
    },
}
if POPULATION_AT != "off":
    CELERY_BEAT_SCHEDULE["score-population"] = {
        "task": "twinportal.tasks.score_population",
        "schedule": crontab(hour=POPULATION_AT[:-3], minute=POPULATION_AT[-2:]),
    }
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
# imports and exports have a worker of their own: nobody's prediction waits for them
CELERY_TASK_ROUTES = {
    "twinportal.tasks.work_on_bulk_job": {"queue": "bulk"},
    "twinportal.tasks.work_on_population": {"queue": "bulk"},
    # it alone, beside the web server, has their files
    "twinportal.tasks.expire_bulk_jobs": {"queue": "bulk"},
    "twinportal.tasks.monitor_models": {"queue": "bulk"},
    "twinportal.tasks.freeze_references": {"queue": "bulk"},
    # a queue of its own, which the bulk worker serves too: a site may give it a machine with memory
    "twinportal.molecular.tasks.work_on_ranking": {"queue": "molecular"},
    "twinportal.molecular.tasks.work_on_cells": {"queue": "molecular"},
}

# --- Browser security -------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        "img-src": [SELF, "data:"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if IS_PRODUCTION:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    # the container's own health check asks for localhost
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, "localhost"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# --- Static files, language, time ---------------------------------------------------------------
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(get_env("TWINPORTAL_STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION or os.environ.get("TWINPORTAL_MANIFEST")
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
LANGUAGE_CODE = "en"
# pages of patients; those of clinicians and stewards are in English
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "twinportal.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = get_env("TWINPORTAL_TIME_ZONE", "UTC")

# --- Logging: ids only, never a name, a value or a body -----------------------------------------
LOG_FORMAT = get_env("LOG_FORMAT", "json" if IS_PRODUCTION else "text")
if LOG_FORMAT not in {"json", "text"}:
    raise ImproperlyConfigured("LOG_FORMAT is one of json, text.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "twinportal.logs.JsonLines"},
        "text": {"()": "twinportal.logs.ReadableLines"},
    },
    "filters": {"known": {"()": "twinportal.logs.NotInTheAccessLine"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["known"],
        }
    },
    "root": {"handlers": ["stderr"], "level": get_env("LOG_LEVEL", "INFO")},
    "loggers": {
        # without Django's own handler, which sends whole requests by mail
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": [], "level": "ERROR"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
    },
}
