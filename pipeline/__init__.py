"""The event pipeline as it ships to AWS: topology, template, pure core and handlers."""
