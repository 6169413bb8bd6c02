"""Asking an MLflow tracking server where versions come from. It is only read."""
