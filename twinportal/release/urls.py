from django.urls import path

from twinportal.release import views

urlpatterns = [
    path("review/", views.review, name="review"),
    path("review/decide/", views.decide, name="review-decide"),
]
