"""Lambda functions as processes: they are started, called, limited and ended here.

`executor` is LocalStack's plugin; `execution` is an environment (one function, one event at a time), `process` the
child and its Runtime API, `packages` what it may see of the disk, `mappings` the event source mappings, `service` what
is changed in LocalStack's own Lambda, `runtime` the files that run in the child. Begin with
`execution/environment.py`.
"""
