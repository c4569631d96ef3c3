"""Many records at once: `parse` reads a batch field by field, `merge` makes one of its copies, `spill` bounds the
memory.
"""
