"""The one settings file. Everything comes from the environment; an empty environment works.

Three ways to run: nothing set (one machine, ``./run``), ``DEBUG=true`` (Django's own error pages), and
``DEBUG=false`` (production, which refuses the development key and insists on its own hosts and on HTTPS).
"""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from pathlib import Path

import dj_database_url
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from interviewer.ai_models import models_from
from interviewer.logging import logging_config
from interviewer.prices import prices_from

BASE_DIR = Path(__file__).resolve().parent.parent
# An empty variable counts as unset: compose files pass those.
env = environ.Env()
env.ENVIRON = {name: value for name, value in os.environ.items() if value.strip()}

PRODUCTION = "DEBUG" in env.ENVIRON and not env.bool("DEBUG")
DEBUG = env.bool("DEBUG", default=False)
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "data")))


def _development_key() -> str:
    """A random key of this installation, so that nobody is signed out by a restart."""
    path = DATA_DIR / "secret_key"
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("development-" + secrets.token_urlsafe(64))
    return path.read_text().strip()


SECRET_KEY = env.str("SECRET_KEY", default="") or ("" if PRODUCTION else _development_key())
if PRODUCTION and (not SECRET_KEY or SECRET_KEY.startswith("development-")):
    raise ImproperlyConfigured("DEBUG=false needs a SECRET_KEY of its own: a random text of 50 characters or more.")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("DEBUG=false needs ALLOWED_HOSTS: the names under which the site is reached.")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# -- the product ---------------------------------------------------------------------------------------------------

OPERATIONS = env.str("OPERATIONS", default="embedded")
if OPERATIONS not in ("embedded", "celery"):
    raise ImproperlyConfigured("OPERATIONS is embedded (threads of this process) or celery (workers elsewhere).")
OPERATION_THREADS = env.int("OPERATION_THREADS", default=4)
REQUEST_THREADS = env.int("REQUEST_THREADS", default=16)
REPLY_THREADS = env.int("REPLY_THREADS", default=32)  # how many calls may wait for the interviewer's reply at once
STREAM_READ_THREADS = env.int("STREAM_READ_THREADS", default=8)
BUILTIN_WORD_MS = env.int("BUILTIN_WORD_MS", default=12)  # how fast the built-in interviewer writes
if min(OPERATION_THREADS, REQUEST_THREADS, REPLY_THREADS, STREAM_READ_THREADS) < 1 or BUILTIN_WORD_MS < 0:
    raise ImproperlyConfigured("The numbers of threads are 1 or more, BUILTIN_WORD_MS is 0 or more.")
MODEL_PRICES = prices_from(env.str("MODEL_PRICES", default=""))
AI_MODELS = models_from(env.ENVIRON)  # others are connected in the console
# Whether candidates may set up interviews of their own, by page or API. They may start offered ones either way.
SELF_SERVICE = env.bool("SELF_SERVICE", default=True)
RATE_LIMITS = env.str("RATE_LIMITS", default="on")
if RATE_LIMITS not in ("on", "off"):
    raise ImproperlyConfigured("RATE_LIMITS is on or off.")

# -- applications --------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "interviewer.apps.ConsoleConfig",
    "interviewer.apps.ProjectConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "sessions_app",
    "django_fsm",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "sessions_app.requests.RequestIdMiddleware",
    "sessions_app.requests.WholeBodyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sessions_app.requests.EitherSlashMiddleware",
    "sessions_app.pages.language.LanguageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "sessions_app.pages.offline.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "sessions_app.pages.errors.ErrorPagesMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "interviewer.urls"
WSGI_APPLICATION = "interviewer.wsgi.application"
ASGI_APPLICATION = "interviewer.asgi.application"

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
                "sessions_app.pages.context.site",
            ],
        },
    },
]

# -- database ------------------------------------------------------------------------------------------------------

DATABASES = {
    "default": dj_database_url.parse(
        env.str("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}"),
        conn_max_age=60,
        conn_health_checks=True,
    )
}
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    Path(_database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    # A deferred transaction that writes later fails with "database is locked"; an immediate one waits its turn.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # Without secure_delete, what is erased stays readable in the file's freed pages.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
        ),
    }
elif _database["ENGINE"] == "django.db.backends.postgresql":
    _database["ENGINE"] = "interviewer.postgresql"
    _database["OPTIONS"] = {
        "connect_timeout": 5,
        # A process that stands still inside a transaction must not keep a session's row locked for ever.
        "options": "-c idle_in_transaction_session_timeout=15s",
        # Statements that come again are planned once: more than half of the time that PostgreSQL takes for a read.
        # A pooler that shares connections between transactions must know prepared statements (PgBouncer from 1.21).
        "server_side_binding": True,
        "prepare_threshold": 5,
    } | (_database.get("OPTIONS") or {})
else:
    raise ImproperlyConfigured("DATABASE_URL names SQLite or PostgreSQL.")

REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": {
        "BACKEND": "interviewer.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL)
if OPERATIONS == "celery" and (not CELERY_BROKER_URL or _database["ENGINE"] != "interviewer.postgresql"):
    raise ImproperlyConfigured("OPERATIONS=celery needs REDIS_URL (or CELERY_BROKER_URL) and PostgreSQL.")
CELERY_TASK_DEFAULT_QUEUE = "questions"
CELERY_TASK_ROUTES = {"interviewer.sweep": {"queue": "sweep"}}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
# A worker that hangs keeps its lease by its heartbeat, so somebody must end it. An evaluation asks a model once or
# twice for each criterion, and each reply may take minutes.
CELERY_TASK_TIME_LIMIT = 3600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 2, "visibility_timeout": 600}
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "interviewer.sweep", "schedule": 5.0, "options": {"expires": 5.0}},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")

# -- people --------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "sessions_app.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "session-list"
LOGOUT_REDIRECT_URL = "landing"

ACCOUNT_ADAPTER = "sessions_app.pages.account.AccountAdapter"
ACCOUNT_FORMS = {"signup": "sessions_app.pages.account.SignupForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False  # a guest is signed in, and may sign up
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
# Wrong passwords are counted by axes, for the pages, the console and the API alike.
ACCOUNT_RATE_LIMITS = {"login_failed": False} if RATE_LIMITS == "on" else False

AXES_ENABLED = RATE_LIMITS == "on"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "sessions_app.requests.sign_in_name"
AXES_LOCKOUT_CALLABLE = "sessions_app.pages.errors.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["email", "login", "username", "ip_address"]
SILENCED_SYSTEM_CHECKS = ["axes.W003"]  # our own backend list names axes first; W003 wants AXES_ONLY names

SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "sessions_app.pages.errors.csrf_failure"
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
globals().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Interviewer <interviewer@localhost>")
EMAIL_TIMEOUT = 10
# Letters to candidates are only sent where a mail server is named; elsewhere they are kept and shown to staff.
SENDS_LETTERS = "EMAIL_URL" in env.ENVIRON
ORGANISATION = env.str("ORGANISATION", default="")  # whose interviews these are, where no job posting says so
SITE_URL = env.str("SITE_URL", default="").rstrip("/")
if SITE_URL and not SITE_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured("SITE_URL is the address of this site, such as https://interviews.example.com.")

# -- the API -------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "sessions_app.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["sessions_app.api.json.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["sessions_app.api.json.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": [],
    "EXCEPTION_HANDLER": "sessions_app.api.errors.answer",
    "DEFAULT_THROTTLE_CLASSES": ["sessions_app.api.throttles.KindThrottle"] if RATE_LIMITS == "on" else [],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "URL_FORMAT_OVERRIDE": None,  # ``?format=`` is the export's own
    "NUM_PROXIES": 0,  # the server has put the right address into REMOTE_ADDR
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
    "CHECK_REVOKE_TOKEN": True,  # a changed password ends every token made with the old one
    "REVOKE_TOKEN_CLAIM": "pwd",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Interviewer API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": "Interviews that can be interrupted in any way and go on exactly where they stopped.",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "GET_LIB_DOC_EXCLUDES": "sessions_app.api.schema.bases",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "SessionStatus": "sessions_app.models.session.STATUS_CHOICES",
        "ExperienceLevel": "sessions_app.models.catalog.Level",
        "QuestionType": "sessions_app.models.catalog.QuestionType",
        "OperationStatus": ["queued", "running", "succeeded", "failed", "cancelled"],
        "OperationKind": ["question", "analysis", "evaluation"],
        "MessageKind": ["question", "answer", "notice"],
        "ChargeKind": ["settled", "abandoned"],
        "InvitationState": ["open", "accepted", "expired", "revoked"],
        "RequestKind": ["extra_time", "adjustment", "human", "score"],
        "MessageState": ["complete"],
        "Mode": "sessions_app.models.limits.MODES",
        "MessageMode": ["text", "code", "whiteboard", "audio"],
    },
}

# -- safety --------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
HTTPS = PRODUCTION and env.bool("HTTPS", default=True)
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # probes speak plain HTTP to the process itself
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
TRUST_PROXY = env.bool("TRUST_PROXY", default=False)
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# -- files, time, language -----------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "interviewer.collected.CollectedManifestStorage"
        if PRODUCTION
        else "interviewer.collected.CollectedStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
if not PRODUCTION:
    STATIC_ROOT.mkdir(exist_ok=True)  # nothing is collected here; whitenoise only wants it to be there
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
USE_I18N = True
# What candidates read; README says how to add one. Each by the name its speakers know it by.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("ar", "العربية")]
LOCALE_PATHS = [BASE_DIR / "sessions_app" / "locale"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LOGGING = logging_config(env.str("LOG_LEVEL", default="INFO"))
LOGGING_CONFIG = "logging.config.dictConfig"
