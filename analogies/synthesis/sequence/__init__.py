"""Frames of a moving picture, made so that what is painted stays on what moves."""
