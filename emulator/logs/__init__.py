"""CloudWatch Logs: groups of streams of log events, and the metrics that filters take from them.

A *log group* has a class, a retention, tags and *metric filters*; each filter has a *filter pattern* (`filter_pattern`,
pure) and says what metric a line is that matches it. LocalStack keeps groups and events; the operations here are in
the place of its own (`emulator.patches.log_groups` and `.log_events`).
"""
