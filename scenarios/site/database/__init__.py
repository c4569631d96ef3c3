"""Databases that drills and tests start themselves, and of which nothing is left afterwards.

`server` has what all of them promise, `choice` which one is taken: MariaDB, else PostgreSQL, each a process on a free
port of the loopback interface with its data in a temporary folder; SQLite, a file, where neither is installed.
"""
