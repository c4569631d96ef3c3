"""The limits that an account is held to, where somebody asks for it: none by default.

A *limit* is one of AWS's, by name; its value is AWS's own, or a lower one, so that a drill meets it with few events.
`register` knows which are enforced and counts what they refused; whoever can meet a limit asks it. Shards are held to
theirs by Kinesis, the account's concurrency by Lambda, and rates of calls by `calls`.
"""
