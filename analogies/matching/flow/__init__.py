"""Optical flow: where each pixel of a frame lies in another, and frames brought along it."""

from analogies.matching.flow.engines import engine, flow
from analogies.matching.flow.warping import consistent, grid, moving_edges, sampled, warped

__all__ = ["consistent", "engine", "flow", "grid", "moving_edges", "sampled", "warped"]
