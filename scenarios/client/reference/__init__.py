"""Reference data as they are published. *Published* (`published`) is what the registry's bucket has of a reference: its
index, when it was last looked at, its snapshots. A *choice* (`choice`) names one of the index's entries; a *comparison*
(`comparison`) says what differs between two snapshots; *words* (`words`) are keys and values as people and JSON have
them. Begin with `published`.
"""
