"""The commands, a module for each group; each registers its commands with `register(app)`, and imports late."""
