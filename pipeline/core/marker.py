"""The sync marker of every Avro file that we write: a constant, so that the same records give the same bytes."""

SYNC = bytes.fromhex("77617665 74616e6b 206d6172 6b657231")
