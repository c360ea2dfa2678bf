"""The names of criteria that come with the product, in the reader's language. Those of staff stay as they are."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext_noop

# By the key: areas of the bank, types of questions, and what the files of practice interviews name.
_OURS = {
    "apis": gettext_noop("APIs and integration"),
    "cloud": gettext_noop("Cloud and networking"),
    "customer-support": gettext_noop("Customer support"),
    "data-analysis": gettext_noop("Data analysis"),
    "data-ml": gettext_noop("Data and machine learning"),
    "databases": gettext_noop("Databases"),
    "devops": gettext_noop("DevOps"),
    "frontend": gettext_noop("Front end"),
    "leadership": gettext_noop("Leadership and management"),
    "mobile": gettext_noop("Mobile apps"),
    "ownership": gettext_noop("Ownership and delivery"),
    "product": gettext_noop("Product thinking"),
    "python": gettext_noop("Python"),
    "sales": gettext_noop("Sales and negotiation"),
    "security": gettext_noop("Security and privacy"),
    "system-design": gettext_noop("System design"),
    "teamwork": gettext_noop("Communication and collaboration"),
    "testing": gettext_noop("Testing and quality"),
    "web-backend": gettext_noop("Web back end"),
    "technical": gettext_noop("Technical questions"),
    "behavioral": gettext_noop("Questions about past work"),
    "situational": gettext_noop("Questions about situations"),
    "self-description": gettext_noop("Concrete self-description"),
}


def criterion_name(key: str, title: str) -> str:
    """The title as a page shows it: translated where key and title are those of the product."""
    return translation.gettext(title) if _OURS.get(key) == title else title
