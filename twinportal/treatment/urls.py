from django.urls import path

from twinportal.treatment import knowledge_views, patient_views, views

urlpatterns = [
    path("twins/<uuid:public_id>/treatment/", views.index, name="treatment"),
    path("twins/<uuid:public_id>/treatment/review/", views.review, name="medication-review"),
    path(
        "twins/<uuid:public_id>/treatment/proposals/<uuid:proposal_id>/",
        views.proposal,
        name="treatment-proposal",
    ),
    path(
        "twins/<uuid:public_id>/treatment/proposals/<uuid:proposal_id>/share/",
        views.share,
        name="treatment-share",
    ),
    path(
        "twins/<uuid:public_id>/treatment/proposals/<uuid:proposal_id>/withdraw/",
        views.withdraw,
        name="treatment-withdraw",
    ),
    path(
        "twins/<uuid:public_id>/treatment/<int:number>/",
        views.ranking,
        name="treatment-ranking",
    ),
    path(
        "twins/<uuid:public_id>/treatment/<int:number>/keep/",
        views.save,
        name="treatment-keep",
    ),
    path("treatment/knowledge/", knowledge_views.index, name="knowledge"),
    path("treatment/knowledge/<slug:name>/", knowledge_views.table, name="knowledge-table"),
    path("treatment/knowledge/<slug:name>/<str:key>/", knowledge_views.row, name="knowledge-row"),
    path("my/choices/", patient_views.choices, name="my-choices"),
    path("my/choices/<uuid:proposal_id>/", patient_views.choice, name="my-choice"),
]
