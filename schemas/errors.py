"""The one kind of exception that a user sees."""


class RatchetError(Exception):
    """Something a user can fix. Its text is one line: what, where, how to fix it."""
