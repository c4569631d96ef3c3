"""The operations of the Kinesis API, one noun a file; `emulator.kinesis.provider` puts them together."""
