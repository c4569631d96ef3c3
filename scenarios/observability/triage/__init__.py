"""Is it us or the provider? A *situation* (`model`) is what AWS tells of every dependency in a span of time, what has
changed and which alarms ring; *findings* (`rules`) say whose each trouble is and what to try first. `reading` asks AWS.
"""
