"""The pytest fixtures' own objects: the stack of a test session, and the pipeline as a test sees it."""
