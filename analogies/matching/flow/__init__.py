"""Optical flow: where each pixel of a frame lies in another, and frames brought along it."""

from analogies.matching.flow.engines import engine, fine, flow, nearby
from analogies.matching.flow.warping import (
    consistent,
    grid,
    moving_edges,
    sampled,
    sampled_from,
    warped,
)

__all__ = [
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
]
