"""The resource types that a stack makes itself, one service a file; `emulator.cloudformation.catalogue` lists them."""
