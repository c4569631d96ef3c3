"""What a delivery stream decides without AWS: when a buffer is full, what an object is called, how it is compressed."""
