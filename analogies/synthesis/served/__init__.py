"""What exports do: the decision, the guides and the levels of pixels as parts of one graph.

Twins of `synthesis.likeness`, `synthesis.decision` and `synthesis.pixels` for tensors of any size.
Each function is traced once, whoever calls it: an export holds it once.
"""
