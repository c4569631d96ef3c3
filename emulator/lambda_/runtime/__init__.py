"""Files that are copied into the runtime folder of functions; nothing here is imported by the emulator."""
