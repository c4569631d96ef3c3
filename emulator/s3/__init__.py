"""LocalStack's S3 where it differs: listings in pages, ids of uploads, and a store that keeps equal objects once.

A *listing* is a bucket's entries in the order of their UTF-8 bytes, cut into *pages*; `page` says what is on one, and
`listings` answers the five operations with it. The patches whose names begin with `s3_` put all of it in place.
"""
