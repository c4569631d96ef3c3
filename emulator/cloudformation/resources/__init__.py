"""The resource types that a stack makes itself: one service's a file; `emulator.cloudformation.catalogue` lists them."""
