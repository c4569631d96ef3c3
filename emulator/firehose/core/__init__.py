"""The decisions of a delivery stream that need no AWS: when a buffer is full, how an object is named and packed."""
