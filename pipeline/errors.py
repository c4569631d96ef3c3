"""Errors of the pipeline, by whose fault it is.

    PipelineError
    ├── ConfigurationError   the operator's: a schema folder, a variable or an enrichment is wrong; mend it
    ├── SchemaError          the publisher's: a schema is not valid Avro, or lacks what an event needs
    ├── ReferenceRefused     the database's owner's: what was read cannot be published; the last snapshot stays
    └── RetryLater           a service's: nothing is wrong with the data, the same input will do later
        ├── RegistryFault    the schema registry did not answer, or holds an object that is no schema
        └── ServiceFault     another AWS service did not do what it was asked for

Bad *records* are never exceptions: they are `pipeline.records.Rejected` values and end in quarantine.
"""


class PipelineError(Exception):
    """The root of what the pipeline raises on purpose."""


class ConfigurationError(PipelineError):
    """The deployment is wrong; doing the same again does not help."""


class SchemaError(PipelineError):
    """A schema cannot be used; the message says which rule it breaks."""


class ReferenceRefused(PipelineError):
    """Reference data that would break a rule if they were published; the message says which."""


class RetryLater(PipelineError):
    """An outage, not a fault of the data: let the event source deliver the input again."""


class RegistryFault(RetryLater):
    """The registry cannot be read, or what it holds is not a schema."""


class ServiceFault(RetryLater):
    """A service kept refusing part of a request."""
