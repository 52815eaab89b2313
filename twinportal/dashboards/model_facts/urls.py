from django.urls import path

from twinportal.dashboards.model_facts import disease_views, twins, views

urlpatterns = [
    path("", views.index, name="models"),
    path("disease-trajectories/", disease_views.facts, name="disease-trajectories"),
    path("mechanistic/<slug:twin_id>/", twins.twin_facts, name="twin-facts"),
    path("mechanistic/<slug:twin_id>/facts.json", twins.twin_facts_json, name="twin-facts-json"),
    path("<slug:model_id>/", views.facts, name="model-facts"),
    path("<slug:model_id>/facts.json", views.facts_json, name="model-facts-json"),
    path("<slug:model_id>/<str:version>/", views.version, name="model-version"),
]
