from django.urls import path

from twinportal.dashboards.model_facts import disease_views, views

urlpatterns = [
    path("", views.index, name="models"),
    path("disease-trajectories/", disease_views.facts, name="disease-trajectories"),
    path("<slug:model_id>/", views.facts, name="model-facts"),
    path("<slug:model_id>/facts.json", views.facts_json, name="model-facts-json"),
    path("<slug:model_id>/<str:version>/", views.version, name="model-version"),
]
