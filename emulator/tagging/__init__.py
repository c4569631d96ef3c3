"""The Resource Groups Tagging API: what has which tags, over all services. Begin with `provider`."""
