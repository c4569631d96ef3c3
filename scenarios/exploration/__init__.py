"""Looks for failures that nobody thought of: at every AWS call, in random storms, with a pipeline that is broken."""
