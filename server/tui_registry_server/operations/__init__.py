"""One function per verb of the registry.

Each takes the call (who, when, on which connection), the request's body as the wire describes it, and the subject,
which was loaded and whose ability was checked before. It returns the answer's JSON, as text or as plain data.
Whatever it changes, it records.
"""
