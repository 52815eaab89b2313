from django.urls import path

from twinportal.visits import clinician_views, patient_views

urlpatterns = [
    path("my/visit/", patient_views.visit, name="my-visit"),
    path("my/visit/questions/", patient_views.add, name="my-visit-add"),
    path("my/visit/questions/<int:pk>/", patient_views.change, name="my-visit-change"),
    path("my/visit/summary/", patient_views.summary, name="my-summary"),
    path("my/visit/summary.pdf", patient_views.summary_pdf, name="my-summary-pdf"),
    path(
        "twins/<uuid:public_id>/visit-questions/<int:pk>/",
        clinician_views.discussed,
        name="visit-question-discussed",
    ),
]
