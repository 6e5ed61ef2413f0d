"""A run that can't do what it was asked to."""

FAILED = 2


class Failure(Exception):  # noqa: N818  the word for what happened
    """Ends the run with one line on standard error and status 2."""
