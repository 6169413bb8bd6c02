"""The console of a model registry: review, find and govern from the keyboard."""
