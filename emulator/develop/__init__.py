"""Development on a running stack: edit and see it served, debug a function, read its log, restart it."""
