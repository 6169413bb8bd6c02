"""``tui-registry doctor``: whether a server with these options would run well. It only reads."""
