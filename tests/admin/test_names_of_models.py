"""The names of models are plain English, in the plural too: Django only appends an s."""

from __future__ import annotations

import re

from django.apps import apps
from django.contrib import admin

WRONG_PLURAL = re.compile(r"([^aeiou]y|ss|ch|sh|x)s$")


def test_every_model_has_a_right_plural() -> None:
    models = [model for name in ("marcus_events", "dashboard") for model in apps.get_app_config(name).get_models()]
    plurals = [str(model._meta.verbose_name_plural) for model in models]
    assert [plural for plural in plurals if WRONG_PLURAL.search(plural)] == []


def test_the_admin_lists_its_tables_by_these_names() -> None:
    plurals = {str(model._meta.verbose_name_plural) for model in admin.site._registry}
    assert {"retention policies", "board access", "saved searches", "rejected requests"} <= plurals
