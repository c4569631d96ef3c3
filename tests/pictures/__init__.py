"""The pictures in the docs, made anew by `make pictures`: real traffic on a stack, drawn by `wavetank dashboard`."""
