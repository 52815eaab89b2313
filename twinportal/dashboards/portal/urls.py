from django.urls import path

from twinportal.dashboards.portal import reading_views, views

urlpatterns = [
    path("", views.home, name="portal-home"),
    path("results/<int:pk>/", views.result, name="portal-result"),
    path("outlook/", views.outlook, name="portal-outlook"),
    path("numbers/", views.numbers, name="my-numbers"),
    path("reading/", reading_views.reading, name="my-reading"),
    path("level/", views.level, name="portal-level"),
    path("language/", views.language, name="portal-language"),
]
