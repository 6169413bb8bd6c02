"""Commands that do what the console does, for scripts and screen readers.

Heavy imports are inside functions, so that ``tui-registry --help`` starts fast.
"""
