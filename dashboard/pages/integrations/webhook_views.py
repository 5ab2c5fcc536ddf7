"""Forms that create, change and delete webhooks. For administrators.

A secret is only in the response to the request that made it, as that of a token is: see `views`.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from dashboard.pages.administrator_view import by_administrator
from dashboard.pages.integrations import webhook_list
from dashboard.pages.integrations.forms import WebhookForm
from dashboard.pages.integrations.views import by_form, show
from dashboard.pages.integrations.webhook_notice import NewWebhookSecret, ProbeResult
from marcus_events.audit import address_of
from marcus_events.models import Webhook
from marcus_events.webhooks import registration
from marcus_events.webhooks.sender import send_test
from marcus_events.webhooks.signature import secret_of

WebhookAction = Callable[[HttpRequest, Webhook], HttpResponse]


@by_form
@by_administrator
@sensitive_variables()
def create(request: HttpRequest) -> HttpResponse:
    form = WebhookForm(request.POST)
    if form.is_finding:
        return show(request, webhook_form=form.unchecked())
    webhook = form.create(username(request), address_of(request))
    if webhook is None:
        return show(request, webhook_form=form)
    return show(request, webhook_notice=NewWebhookSecret(webhook, secret_of(webhook), is_renewed=False))


@by_form
@by_administrator
@sensitive_variables()
def change(request: HttpRequest, webhook_id: int) -> HttpResponse:
    webhook = webhook_list.find(webhook_id)
    action = ACTIONS.get(request.POST.get("act", ""))
    if webhook is None or action is None:
        raise Http404("There is no such webhook, or no such action.")
    return action(request, webhook)


def try_out(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    return show(request, webhook_notice=ProbeResult(webhook, send_test(webhook)))


@sensitive_variables()
def renew_secret(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    registration.renew_secret(webhook, username(request), address_of(request))
    return show(request, webhook_notice=NewWebhookSecret(webhook, secret_of(webhook), is_renewed=True))


def turn_off(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    registration.turn_off(webhook, username(request), address_of(request))
    return done("off")


def turn_on(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    registration.turn_on(webhook, username(request), address_of(request))
    return done("on")


def retry(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    registration.retry_failed(webhook)
    return done("retry")


def delete(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    registration.delete(webhook, username(request), address_of(request))
    return done("deleted")


def done(what: str) -> HttpResponse:
    return redirect(f"{reverse('integrations')}?webhook={what}#webhooks-title")


def username(request: HttpRequest) -> str:
    return str(request.user.get_username())


ACTIONS: dict[str, WebhookAction] = {
    "test": try_out,
    "secret": renew_secret,
    "off": turn_off,
    "on": turn_on,
    "retry": retry,
    "delete": delete,
}
