"""The rules of the registry, pure: no I/O, no SQL, no HTTP. Imports only the wire."""
