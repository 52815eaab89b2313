from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedAccountAdapter(DefaultAccountAdapter):
    """Accounts are made by the hospital; nobody signs themself up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
