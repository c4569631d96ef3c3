"""The monthly cost of a stage: prices, the lines of a bill, and what would change the largest of them.

A *price list* has a price for each thing that AWS counts, by region, with its source. A *line* is what one component
pays for one of them in a month; a *bill* is all lines of a case (`wavetank.scenarios.flow`). A *finding* is a change of
settings, with what a line and the whole would become. Pure, but for `command`.

Begin with `bill`.
"""
