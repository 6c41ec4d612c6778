"""Embedded feature weights, installed as `analogies.weights`."""
