"""The part of the disk that a function may see: its unpacked code and layers, the runtime's libraries, an interpreter;
and how archives are unpacked safely.
"""
