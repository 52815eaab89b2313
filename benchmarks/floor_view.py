"""A bare Django application on the same server and database: the floor of single requests.

POST /write is one INSERT and its commit, GET /read/<pk> one SELECT, GET /ten ten of them and 20 KB of
text. Nothing else.
"""

import os

import dj_database_url
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=600)},
    MIDDLEWARE=[],
    ROOT_URLCONF=__name__,
    SECRET_KEY="no secret is kept here",  # noqa: S106
)

from django.core.wsgi import get_wsgi_application
from django.db import connection


def write(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_rows (content) VALUES (%s)", [request.body.decode()])
    return HttpResponse(status=201)


def read(request: HttpRequest, pk: int) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM bench_rows WHERE id = %s", [pk])
        row = cursor.fetchone()
    return HttpResponse(row[0] if row else "", content_type="application/json")


def ten(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        for number in range(10):
            cursor.execute("SELECT id, name FROM patients_patient WHERE id > %s LIMIT 25", [number])
            cursor.fetchall()
    return HttpResponse("x" * 20_000)


urlpatterns = [path("write", write), path("read/<int:pk>", read), path("ten", ten)]
application = get_wsgi_application()
