from django.urls import path

from twinportal.similar import patient_views, views

urlpatterns = [
    path("twins/<uuid:public_id>/similar/", views.similar, name="similar"),
    path("my/people-like-me/", patient_views.people_like_me, name="my-similar"),
    path("my/people-like-me/choice/", patient_views.choose, name="my-similar-choice"),
]
