"""Frames of a moving picture made one after another, so that what is painted stays on what moves."""
