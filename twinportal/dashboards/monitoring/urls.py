from django.urls import path

from twinportal.dashboards.monitoring import views

urlpatterns = [
    path("", views.overview, name="monitoring"),
    path("reference/", views.set_reference, name="monitoring-reference"),
    path("<slug:model_id>/", views.one, name="monitoring-model"),
]
