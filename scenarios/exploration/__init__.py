"""Looks for failures that no drill was written for: at every AWS call, in random storms, with a broken pipeline."""
