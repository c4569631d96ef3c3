"""AWS event → core → AWS calls: the functions that Lambda runs, and the only place where the pipeline does I/O."""
