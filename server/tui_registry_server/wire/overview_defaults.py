"""What the overview counts unless asked otherwise, and how much. Apart from the entities: the settings need it."""

MAX_COUNTED = 10_000
"""Up to this number rows are counted."""
MAX_DAYS = 100
LAST_DAYS = 14
OLD_DAYS = 90
EXPIRY_DAYS = 14
LONGEST = 36_500  # days: a hundred years
