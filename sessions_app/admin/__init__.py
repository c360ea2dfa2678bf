"""The staff console: Django's admin, registered page by page in ``site.py``."""
