"""Components: what a team sets for its event type, and what a project sets for all, read from TOML and checked.

`model` is every key with its bounds and default, `read` brings files to it. Deployments use them; functions do not,
whose package has no validating library.
"""
