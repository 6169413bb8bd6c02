"""From typed text to the registry's filters, and its answers page by page."""
