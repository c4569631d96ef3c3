"""Benchmarks: what `wavetank bench` measures, one module each with a function `run(stack)`; `registry` finds them."""
