"""Changes to LocalStack as it is, to make it right or cheaper: one patch a file, put in place by `emulator.install`."""
