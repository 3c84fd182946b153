"""What a valid document looks like: schemas, catalogues, presets, and YAML that knows where things stand."""
