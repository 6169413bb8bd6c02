"""One function per verb of the registry.

Each takes the call (who, when, on which connection), the request's body, which is a model of the wire, and the subject,
on which the ability was checked before. It returns the answer's JSON, as text or as data. It records what it changes.
"""
