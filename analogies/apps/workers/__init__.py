"""Batches on the processes of this machine or of a Ray cluster."""
