"""Telling webhooks' receivers of changes: sending requests, and the queue of what is to be sent."""
