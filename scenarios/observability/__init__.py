"""What happened on a stage, read from AWS alone: on a stack of ours and on AWS the same.

A *log line* (`log_lines`) is a line that a function wrote, as `log_reader` finds it in CloudWatch Logs. A *trace*
(`trace`) is where one event has been, hop by hop, and its fate. An *account* (`account`) is the fate of everything that
was sent. A *triage* (`triage`) says which dependency is in trouble, what changed last, and what to try first.
"""
