"""What a function may see of the disk: its unpacked code and layers, the runtime's libraries, an interpreter; and how
archives are unpacked safely.
"""
