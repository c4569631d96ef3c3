"""Mutation: changes to the pipeline that nobody chose, each of which some test or drill has to notice.

A *change* is one that operators make to a file of the pipeline or to the rendered template; the *population* is all of
them, a *sample* some of them by a seed. A change is *killed* by the first test or drill that fails with it and passes
without it; a *survivor* is explained by a *judgement*, the reason why it makes no difference, or else is a gap.
"""
