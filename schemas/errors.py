"""The one exception that a user sees."""


class RatchetError(Exception):
    """Something a user can mend. Its text is one line: what, where, how to mend it."""
