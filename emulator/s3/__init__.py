"""LocalStack's S3 where it differs from AWS: listings in pages, the reading of requests.

A *listing* is a bucket's entries in the order of their UTF-8 bytes, cut into *pages*; `page` says what is on one, and
`listings` answers the five operations with it. `requests` tells which key a request names. `patch` puts all of it in
place.
"""

from wavetank.emulator.s3.patch import install

__all__ = ["install"]
