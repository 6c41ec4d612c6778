"""Optical flow: where each pixel of a frame lies in another, and frames brought along it."""

from analogies.matching.flow.engines import engine, fine, flow, nearby
from analogies.matching.flow.pairs import Between, between
from analogies.matching.flow.warping import (
    consistent,
    grid,
    moving_edges,
    sampled,
    sampled_from,
    warped,
    wider,
)

__all__ = [
    "Between",
    "between",
    "consistent",
    "engine",
    "fine",
    "flow",
    "grid",
    "moving_edges",
    "nearby",
    "sampled",
    "sampled_from",
    "warped",
    "wider",
]
