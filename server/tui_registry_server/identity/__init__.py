"""Tokens of OpenID providers: fetching providers' keys, checking tokens by them, and signing in with one."""
