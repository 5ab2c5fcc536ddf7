from django.apps import AppConfig


class MarcusEventsConfig(AppConfig):
    name = "marcus_events"
    verbose_name = "Marcus Events"
