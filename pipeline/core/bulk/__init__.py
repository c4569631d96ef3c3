"""Many records at once: `parse` reads a batch field by field, `merge` makes one of the copies in bounded memory."""
