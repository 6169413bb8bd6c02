"""Moving models between registries: reading them from a source, importing them, comparing both sides, archives.

Everything is one model at a time, as a wire.model_import.ModelDocument.
"""
