from django.urls import path

from twinportal.my_record import download_views, task_views, views

urlpatterns = [
    path("my/about/", views.about, name="my-about"),
    path("my/record/", views.record, name="my-record"),
    path("my/record/access/", views.access, name="my-access"),
    path("my/record/consents/", views.consents, name="my-consents"),
    path("my/record/consents/choose/", views.choose, name="my-consent-choose"),
    path("my/record/facts/", views.facts, name="my-facts"),
    path("my/record/facts/<int:pk>/wrong/", views.wrong, name="my-fact-wrong"),
    path("my/record/download/", download_views.download, name="my-download"),
    path("my/record/download/data/", download_views.data, name="my-download-data"),
    path(
        "my/record/download/estimates.json",
        download_views.explained,
        {"form": "json"},
        name="my-explanation-json",
    ),
    path(
        "my/record/download/estimates.html",
        download_views.explained,
        {"form": "html"},
        name="my-explanation",
    ),
    path("tasks/", task_views.tasks, name="tasks"),
    path("tasks/<uuid:public_id>/", task_views.task, name="task"),
]
