"""The control API, `/_wavetank/…`: faults, settle, clock, reset, ticks, status, and the state of Kinesis.

`routes` is the whole of it, `inputs` refuses what makes no sense, `peers` says whom it answers, `status` what the
stack is made of.
"""
