"""From what is typed in a search line to the registry's filter grammar."""


def models_filter(typed: str) -> str:
    """Words that the name contains, in any letter case; after ``=``, a filter as the registry takes it."""
    typed = typed.strip()
    if typed.startswith("="):
        return typed[1:].strip()
    return " AND ".join(f"name ILIKE {quoted(f'%{word}%')}" for word in typed.split())


def quoted(value: str) -> str:
    """A value in quotes. The grammar has no escapes, so one that has both kinds of quotes loses the single ones to
    ``_``, which stands for any character where values are compared by pattern."""
    if "'" not in value:
        return f"'{value}'"
    if '"' not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "_") + "'"
