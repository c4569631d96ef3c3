"""Files that are packed into functions under development; nothing here is imported by the emulator."""
