from django.urls import path

from twinportal.what_if import patient_views, views

urlpatterns = [
    path("twins/<uuid:public_id>/what-if/", views.what_if, name="what-if"),
    path("twins/<uuid:public_id>/what-if/save/", views.save, name="what-if-save"),
    path("twins/<uuid:public_id>/what-if/compare/", views.compare, name="what-if-compare"),
    path(
        "twins/<uuid:public_id>/what-if/<uuid:scenario_id>/delete/",
        views.delete,
        name="what-if-delete",
    ),
    path("what-if/effects/", views.effects_table, name="what-if-effects"),
    path("my/what-if/", patient_views.what_if, name="my-what-if"),
]
