"""What can go wrong with the database, named by what an operator does next."""

from core.errors import LianxinError


class StoreUnavailable(LianxinError):
    """The database does not answer now: nothing was written, repeat it later."""

    code = "store_unavailable"


class StoreTooNew(LianxinError):
    """A newer program has changed the database: start that version, or restore the copy made before it."""

    code = "store_too_new"


class MigrationFailed(LianxinError):
    """The database could not be brought up to date and was left as it was; the text says what was wrong."""

    code = "migration_failed"


class KeyUnusable(LianxinError):
    """A sealed setting cannot be opened: the key file is missing, damaged or another one."""

    code = "key_unusable"
