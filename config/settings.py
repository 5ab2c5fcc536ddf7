"""Django's settings, from the environment. Importing them starts nothing; an invalid value is an error.

MARCUS_DATA_DIR         the directory of all data (default: var/ in the checkout)
DATABASE_URL            a PostgreSQL server of your own (14 or newer) instead of the embedded one
MARCUS_SECRET_KEY       signs sessions (default: created on first use in the data directory)
MARCUS_ALLOWED_HOSTS    names this site answers to, comma-separated (default: this machine, and HOST)
MARCUS_TRUSTED_ORIGINS  further origins that may send forms and open WebSockets, such as https://events.example.org
MARCUS_HTTPS            1 when a proxy in front speaks TLS and sets X-Forwarded-For and X-Forwarded-Proto
MARCUS_TRUSTED_PROXIES  addresses or networks of that proxy, comma-separated (default: 127.0.0.0/8,::1)
MARCUS_REMOTE_USER_HEADER  with it, the header in which that proxy names who is signed in: see docs/access.md
MARCUS_DEBUG            1 for Django's debug pages; never on a machine that others reach
MARCUS_POLICIES         how events of a type are kept, such as task_progress:batched,agent_heartbeat:ephemeral
MARCUS_HANDLERS         modules of yours with handlers that the workers run, comma-separated, such as mine.handlers
MARCUS_RATE_TOKEN       how often a token may ask, per process, such as 1000/second or 5 per minute
MARCUS_RATE_ADDRESS     how often an address may ask, per process (default: 2000/second)
MARCUS_RATE_STRANGER    how often an address may show unknown tokens, per process (default: 60/minute)
MARCUS_ANCHORS          where the head of the hash chain is written outside of the database, comma-separated: files,
                        webhooks (https://…), syslog: or syslog:host:514
MARCUS_ANCHOR_EVERY     how often, such as 30m (default: 1h)
MARCUS_RATE_SIGN_IN     how often an address may try to sign in with a password, per process (default: 20/minute)
MARCUS_CONNECTIONS_TOKEN    how many WebSockets and waits a token may have open, per process (default: 200)
MARCUS_CONNECTIONS_USER     how many pages, WebSockets and waits a person may have open, per process (default: 60)
MARCUS_CONNECTIONS_ADDRESS  how many requests and connections an address may have open, per process (default: 300)
MARCUS_MAX_LAG          how many seconds the tables or the search index may be behind the log before publishers have to
                        slow down (default: 30; 0: never)
DEMO                    0 leaves the demo board out
"""

import os
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from config import environment
from marcus_events import postgres

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("MARCUS_DATA_DIR") or BASE_DIR / "var").expanduser().resolve()
HTTPS = environment.flag("MARCUS_HTTPS", default=False)
TRUSTED_PROXIES = environment.networks("MARCUS_TRUSTED_PROXIES", default=["127.0.0.0/8", "::1"])
REMOTE_USER_HEADER = environment.header("MARCUS_REMOTE_USER_HEADER", behind_proxy=HTTPS)
DEMO = environment.flag("DEMO", default=True)
WEB_PROCESSES = environment.number("WEB_PROCESSES", default=1)
DEBUG = environment.flag("MARCUS_DEBUG", default=False)

SECRET_KEY = environment.secret_key(DATA_DIR)
ALLOWED_HOSTS = environment.names("MARCUS_ALLOWED_HOSTS", default=environment.own_hosts())
CSRF_FAILURE_VIEW = "dashboard.pages.sign_in.views.out_of_date"
CSRF_TRUSTED_ORIGINS = environment.origins("MARCUS_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "config.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "axes",
    "csp",
    "django_htmx",
    "marcus_events",
    "dashboard",
    "server",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.static_files.StaticFiles",
    "config.middleware.caching.PrivateByDefault",
    "csp.middleware.CSPMiddleware",
    "dashboard.pages.sign_in.password_attempts.PasswordAttemptLimit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    *(["dashboard.pages.sign_in.proxy_users.ProxyUserMiddleware"] if REMOTE_USER_HEADER else []),
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "marcus_events.audit.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "dashboard.pages.slow_reads.SlowReads",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

RATES = {
    "address": environment.rate("MARCUS_RATE_ADDRESS", default="2000/second"),
    "token": environment.rate("MARCUS_RATE_TOKEN", default="1000/second"),
    "stranger": environment.rate("MARCUS_RATE_STRANGER", default="60/minute"),
    "sign_in": environment.rate("MARCUS_RATE_SIGN_IN", default="20/minute"),
}
CONNECTIONS = {
    "address": environment.number("MARCUS_CONNECTIONS_ADDRESS", default=300),  # an office behind one address
    "token": environment.number("MARCUS_CONNECTIONS_TOKEN", default=200),
    "user": environment.number("MARCUS_CONNECTIONS_USER", default=60),  # a page in a tab is one
}
MAX_LAG = environment.number("MARCUS_MAX_LAG", default=30, least=0)  # seconds
POLICIES = os.environ.get("MARCUS_POLICIES", "")
ANCHORS = environment.anchors("MARCUS_ANCHORS")
ANCHOR_EVERY = environment.duration("MARCUS_ANCHOR_EVERY", default="1h", least=timedelta(seconds=1))
HANDLERS = environment.names("MARCUS_HANDLERS", default=[])

EMBEDDED_POSTGRES = not os.environ.get("DATABASE_URL")
DATABASES = {
    "default": environment.database(os.environ.get("DATABASE_URL") or postgres.conninfo(DATA_DIR)),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
USE_I18N = False

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
AUTHENTICATION_BACKENDS = [
    "dashboard.pages.sign_in.login_throttle.LoginThrottle",
    "django.contrib.auth.backends.ModelBackend",
    *(["dashboard.pages.sign_in.proxy_users.ProxyUserBackend"] if REMOTE_USER_HEADER else []),
]
PASSWORD_HASHERS = ["dashboard.pages.sign_in.password_hashers.PasswordHasher"]
AXES_HANDLER = "dashboard.pages.sign_in.login_throttle.LoginFailures"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5  # who mistypes needs three
AXES_COOLOFF_TIME = timedelta(minutes=15)  # so that no name can be guessed at more than 480 times a day
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "dashboard.pages.sign_in.login_throttle.typed_name"
AXES_CLIENT_IP_CALLABLE = "dashboard.pages.sign_in.login_throttle.address_of"
AXES_LOCKOUT_CALLABLE = "dashboard.pages.sign_in.views.locked_out"
AXES_DISABLE_ACCESS_LOG = True  # who signs in is in the log of events
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

SESSION_ENGINE = "marcus_events.access.session_store"
SESSION_COOKIE_AGE = 14 * 24 * 60 * 60  # seconds after the last day on which a page was opened
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# Browsers then ask over TLS alone for a year. Other names under the same domain may be somebody else's: not for them.
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes
# Django takes a body in before it asks who sent it. Larger ones wait for that on disk, however many come at once.
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024  # bytes

# What a page may do. Nothing inline, nothing from elsewhere: an event's text that slips through the escaping still runs
# nothing and reaches nobody. 'self' in connect-src covers WebSockets to the same host (CSP level 3).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# No CHANNEL_LAYERS: events reach browsers from the log through the hub, never through a channel layer.

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname:7} {message}  [{name}]", "style": "{", "datefmt": "%Y-%m-%d %H:%M:%S"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        # A request that is refused is the client's affair, and anybody can make any number of them.
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "django.security.csrf": {"level": "ERROR"},
        "axes": {"level": "ERROR"},  # it writes down each name that was tried
        "psycopg.pool": {"level": "ERROR"},  # tells of each failed attempt; who needs a connection tells of the outcome
        "httpx2": {"level": "WARNING"},  # it writes down each URL that it calls, and those of webhooks may hold keys
        "marcus_events": {"level": "INFO"},
        "dashboard": {"level": "INFO"},
    },
}
