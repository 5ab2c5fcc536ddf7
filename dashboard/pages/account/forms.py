"""Forms for one's own profile and password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.http import HttpRequest

MAX_NAME = 150  # characters, the column's


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg] # Django cannot say of what, at runtime
    """The display name is one field: it is stored as the first name, and the last name is emptied."""

    name = forms.CharField(required=False, max_length=MAX_NAME)

    class Meta:
        model = User
        fields = ("email",)

    def __init__(self, data: Any = None, *, instance: User) -> None:
        super().__init__(data, instance=instance, initial={"name": instance.get_full_name()})

    def save(self, commit: bool = True) -> User:
        self.instance.first_name, self.instance.last_name = self.cleaned_data["name"], ""
        self.instance.save(update_fields=["first_name", "last_name", "email"])
        saved: User = self.instance
        return saved


class OwnPasswordForm(SetPasswordForm):  # type: ignore[type-arg] # as above
    """Sets the first password, or changes it. A wrong current password counts as a failed sign-in."""

    old_password = forms.CharField(strip=False, required=False)

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        assert isinstance(request.user, User)  # noqa: S101 - every page requires a sign-in
        super().__init__(request.user, data)
        self.request, self.has_password = request, request.user.has_usable_password()
        self.order_fields(["old_password", "new_password1", "new_password2"])

    def clean_old_password(self) -> str:
        old: str = self.cleaned_data["old_password"]
        if self.has_password:
            found = authenticate(self.request, username=self.user.get_username(), password=old) if old else None
            if found != self.user:
                raise forms.ValidationError("This is not your current password.")
        return old
