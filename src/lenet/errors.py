"""The one exception that is meant for the user's eyes."""


class LenetError(Exception):
    """Something the user can mend; its message is one line that says what, why, and what to do next."""
