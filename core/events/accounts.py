"""User accounts, as far as the command line asks about them."""

import msgspec


class PasswordResetRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Question: a new password for whoever has lost theirs."""

    username: str


class PasswordReset(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer: a password to be changed at the first log-in."""

    password: str
