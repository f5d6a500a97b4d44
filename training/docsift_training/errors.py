"""The one error that tells a user what to mend."""


class InvalidInput(ValueError):
    """Something given is not what was expected. The message says what was expected, what was found, and where."""
