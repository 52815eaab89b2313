from django.urls import path

from twinportal.dashboards.clinician import (
    body_weight_views,
    comparison_views,
    diabetes_course_views,
    drug_level_views,
    medicine_views,
    trajectory_views,
    twin_views,
    views,
    worklist_actions,
    worklist_metrics,
    worklist_views,
)

urlpatterns = [
    path("worklist/", worklist_views.worklist, name="worklist"),
    path("worklist/search/", worklist_views.search, name="worklist-search"),
    path("worklist/rules/", worklist_views.rules, name="worklist-rules"),
    path("worklist/news/", worklist_views.news, name="worklist-news"),
    path("worklist/metrics/", worklist_metrics.metrics, name="worklist-metrics"),
    path("worklist/views/", worklist_actions.save_view, name="worklist-view-save"),
    path("worklist/views/<int:pk>/", worklist_actions.change_view, name="worklist-view"),
    path(
        "twins/<uuid:public_id>/acknowledge/",
        worklist_actions.acknowledge,
        name="flag-acknowledge",
    ),
    path(
        "twins/<uuid:public_id>/unacknowledge/",
        worklist_actions.take_back,
        name="flag-unacknowledge",
    ),
    path("twins/<uuid:public_id>/", twin_views.twin, name="twin"),
    path("twins/<uuid:public_id>/predictions/", twin_views.predictions, name="twin-predictions"),
    path("twins/<uuid:public_id>/trends/", twin_views.trends, name="twin-trends"),
    path("twins/<uuid:public_id>/record/", twin_views.record, name="twin-record"),
    path("twins/<uuid:public_id>/tools/", twin_views.tools, name="twin-tools"),
    path("twins/<uuid:public_id>/missing/", twin_views.missing, name="twin-missing"),
    path("twins/<uuid:public_id>/compare/", comparison_views.compare, name="twin-compare"),
    path("twins/<uuid:public_id>/version/", twin_views.version, name="twin-version"),
    path(
        "twins/<uuid:public_id>/drug-levels/<slug:drug>/",
        drug_level_views.drug_levels,
        name="drug-levels",
    ),
    path("twins/<uuid:public_id>/body-weight/", body_weight_views.body_weight, name="body-weight"),
    path(
        "twins/<uuid:public_id>/diabetes-course/",
        diabetes_course_views.diabetes_course,
        name="diabetes-course",
    ),
    path("twins/<uuid:public_id>/medicines/", medicine_views.medicines, name="medicines"),
    path("twins/<uuid:public_id>/release/", views.release, name="twin-release"),
    path("twins/<uuid:public_id>/predictions/<int:pk>/", views.prediction, name="prediction"),
    path(
        "twins/<uuid:public_id>/trajectories/", trajectory_views.trajectories, name="trajectories"
    ),
    path(
        "twins/<uuid:public_id>/trajectories/<slug:concept>/",
        trajectory_views.trajectory,
        name="trajectory",
    ),
    path(
        "twins/<uuid:public_id>/trajectories/<slug:concept>/release/",
        trajectory_views.release,
        name="trajectory-release",
    ),
    path("twins/<uuid:public_id>/trends/<slug:concept>/", views.trend, name="trend"),
    path(
        "twins/<uuid:public_id>/patient-resource/",
        views.patient_resource,
        name="patient-resource",
    ),
    path(
        "twins/<uuid:public_id>/resources/<str:kind>/<str:fhir_id>/<int:version>/",
        views.resource,
        name="resource",
    ),
]
