"""Shrinks a list to the smallest part of it that still fails; pure but for the question it asks.

Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002), not Hypothesis's
shrinker: each question is a run of the whole pipeline, so that they are counted, and an answer may differ from one time
to the next, which Hypothesis takes for an error and this for a reason to keep what it has.
"""

from collections.abc import Callable, Sequence


def smallest[T](items: Sequence[T], fails: Callable[[Sequence[T]], bool], most: int = 60) -> list[T]:
    """A part of `items`, in their order, that failed, and of which no single item can be left out.

    `items` is known to fail. After `most` questions the smallest part so far is returned.
    """
    kept, pieces, asked = list(items), 2, 0
    while len(kept) > 1 and asked < most:
        size = -(-len(kept) // pieces)
        for start in range(0, len(kept), size):
            without = kept[:start] + kept[start + size :]
            asked += 1
            if without and fails(without):
                kept, pieces = without, max(2, pieces - 1)
                break
            if asked >= most:
                break
        else:
            if size == 1:
                break
            pieces = min(len(kept), pieces * 2)
    return kept
