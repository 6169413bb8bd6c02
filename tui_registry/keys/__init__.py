"""Actions, the keys that do them, and the keymaps that rebind them."""
