"""Benchmarks of `wavetank bench`, one module each with a function `run(stack)`; `registry` finds them."""
