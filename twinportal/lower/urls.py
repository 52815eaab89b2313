from django.urls import path

from twinportal.lower import patient_views, views

urlpatterns = [
    path("twins/<uuid:public_id>/lower/", views.lower, name="lower"),
    path("my/lower/", patient_views.lower, name="my-lower"),
]
