"""The one exception that stands for a mistake in what the user gave."""


class InputError(ValueError):
    """Something given from outside cannot be used.

    The message is one line for the person at the keyboard: what was wrong, what was received
    and what to do about it. The command line prints it and exits with code 2.
    """
