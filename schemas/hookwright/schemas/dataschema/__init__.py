"""Data schemas: the JSON Schema (draft 2020-12) that the data of an event type is held against.

A schema is first checked by `schema_faults`, which knows where in it a fault stands, and then compiled into a
`DataSchema`, which says yes or no fast and explains a no.
"""

from .checks import SchemaFault, schema_faults
from .compiled import DataSchema, Misfit

__all__ = ["DataSchema", "Misfit", "SchemaFault", "schema_faults"]
