"""The first page of a listing: entries in key order, rolled up at a delimiter, from a position on.

Amazon S3 API reference, "ListObjectsV2" and its siblings: keys come in the order of their UTF-8 bytes, which is that of
their code points. Keys with the same text up to the first delimiter after the prefix are one common prefix. It counts
as one entry, and is left out unless it comes after the position.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of a bucket that a listing is about: keys with a prefix, grouped at a delimiter, after a position."""

    prefix: str = ""
    delimiter: str = ""
    after: str = ""

    def common_prefix(self, key: str) -> str | None:
        """The group that a key of the prefix belongs to; None for one that stands for itself."""
        if not self.delimiter:
            return None
        end = key.find(self.delimiter, len(self.prefix))
        return None if end < 0 else key[: end + len(self.delimiter)]


@dataclass(slots=True)
class Page[Entry]:
    """Up to `limit` entries and common prefixes; `last` is the key or prefix that ends it, empty for an empty page."""

    entries: list[Entry] = field(default_factory=list)
    common_prefixes: list[str] = field(default_factory=list)
    last: str = ""
    ends_with_prefix: bool = False
    is_truncated: bool = False


def first_page[Entry](ordered: Sequence[Entry], key: Callable[[Entry], str], scope: Scope, limit: int) -> Page[Entry]:
    """The first page of entries that are in key order, have the scope's prefix and come after its position.

    A limit of 0 is an empty page that says it is the last. Takes time for what is on the page, and a logarithm for
    each group that is passed over.
    """
    page: Page[Entry] = Page()
    position = count = 0
    while position < len(ordered) and count < limit:
        name = key(ordered[position])
        group = scope.common_prefix(name)
        if group is None:
            page.entries.append(ordered[position])
            position += 1
        else:
            of_group: str = group
            position = bisect_left(ordered, True, lo=position, key=lambda entry: not key(entry).startswith(of_group))
            if group <= scope.after:
                continue
            page.common_prefixes.append(group)
        page.last, page.ends_with_prefix = group or name, group is not None
        count += 1
    page.is_truncated = count > 0 and position < len(ordered)
    return page
