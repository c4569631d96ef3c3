"""The operations of the Kinesis API, a file for each noun; `emulator.kinesis.provider` puts them together."""
