"""Who people are: accounts with an e-mail address, and guests without one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from .ids import new_id


class UserAccounts(BaseUserManager["User"]):
    """Makes accounts. Addresses are compared without regard to case, so they are stored in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        if not email:
            raise ValueError("An account needs an e-mail address; a guest is made by create_guest().")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def create_guest(self) -> User:
        """A candidate who started without an account; known only by the browser's signed cookie."""
        guest = self.model(email=None, is_guest=True)
        guest.set_unusable_password()
        guest.save(using=self._db)
        return guest

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """One person. Guests have no address and no password; their sessions move to the account they sign up with."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField("e-mail address", max_length=254, null=True, blank=True, unique=True)
    name = models.CharField(max_length=120, blank=True)
    time_zone = models.CharField(
        max_length=64, blank=True, help_text="Such as Europe/Berlin; empty follows the browser."
    )
    preferences = models.JSONField(
        default=dict, blank=True, editable=False, help_text="How pages look and behave; see services/preferences."
    )
    is_guest = models.BooleanField(default=False, help_text="Started without an account.")
    is_demo = models.BooleanField(default=False, editable=False)
    is_staff = models.BooleanField("staff", default=False, help_text="May sign in to the console.")
    is_active = models.BooleanField("active", default=True, help_text="Untick to lock the account out.")
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserAccounts] = UserAccounts()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ("-date_joined",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(is_guest=True) | models.Q(email__isnull=False),
                name="user_has_email_unless_guest",
            ),
            models.UniqueConstraint(Lower("email"), name="user_email_once_in_any_case"),
        )

    def __str__(self) -> str:
        return self.email or f"Guest {str(self.id)[-6:]}"

    def clean(self) -> None:
        self.email = (self.email or "").strip().lower() or None

    @property
    def display_name(self) -> str:
        return self.name or (self.email or "").partition("@")[0] or "Guest"

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name


class RefreshFamily(models.Model):
    """One sign-in over the API: the chain of refresh tokens that came from it.

    Only the newest token of a family is good for a refresh. An older one that turns up again was copied,
    so the whole family is revoked (OAuth 2.0 Security Best Current Practice, RFC 9700, section 4.14.2).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="refresh_families")
    current_jti = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    refreshed_at = models.DateTimeField(auto_now=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "refresh families"

    def __str__(self) -> str:
        return f"sign-in {self.id}"


class ApiKey(models.Model):
    """A long-lived key for a machine that acts as its owner. Only its hash is stored; the prefix tells keys apart."""

    PREFIX = "ivw_"
    SCOPES = (("read", "Read"), ("write", "Read and change"))

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
