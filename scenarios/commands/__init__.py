"""One module a command group; each registers its commands with `register(app)`, and imports late."""
