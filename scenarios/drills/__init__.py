"""The catalogue of drills: one drill a file, `DRILL`, and `catalogue`, which finds them by name and tag.

To add a drill, add a file: docs/drills.md. Begin with `duplicates` or `dropped_notifications`.
"""
