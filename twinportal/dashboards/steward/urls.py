from django.urls import path

from twinportal.dashboards.steward import overview_views

urlpatterns = [
    path("", overview_views.overview, name="steward-home"),
]
