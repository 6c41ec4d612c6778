"""The doors: the command, lists of analogies, models to be served."""
