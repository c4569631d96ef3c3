"""Schemas in the registry: `registry` finds versions by fingerprint, `checks` keeps back what must not be published."""
