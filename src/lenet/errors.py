"""The one exception that is meant for the user's eyes."""


class LenetError(Exception):
    """Something the user can mend; its message is one line that says what, why, and what to do next."""


def reason(error: BaseException) -> str:
    """What a library's error says, for a message of ours: its first line, without the system's numbers."""
    text = str(getattr(error, "strerror", None) or error)
    return text.partition("\n")[0][:200] or type(error).__name__
