"""An execution environment: one function, one event at a time, from start to end; how an invocation can fail."""
