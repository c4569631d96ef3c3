"""The distribution, as it is installed elsewhere."""
