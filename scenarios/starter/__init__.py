"""The files of a new project, as `wavetank init` writes them: `files/` holds them, `project` puts them in place.

A name that begins with `dot.` begins with a dot in the project. `{{name}}`, `{{module}}` (the name
as Avro and Python take it) and `{{version}}` are filled in.
"""
