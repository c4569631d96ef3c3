"""Reports of runs: on the terminal, as a page, and for CI; `files` writes them while runs go on.

Tables and bars are shown on the `console`; `escaping` sees to it that no data of an event commands a terminal.
"""
