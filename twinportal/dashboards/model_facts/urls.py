from django.urls import path

from twinportal.dashboards.model_facts import views

urlpatterns = [
    path("", views.index, name="models"),
    path("<slug:model_id>/", views.facts, name="model-facts"),
    path("<slug:model_id>/facts.json", views.facts_json, name="model-facts-json"),
    path("<slug:model_id>/<str:version>/", views.version, name="model-version"),
]
