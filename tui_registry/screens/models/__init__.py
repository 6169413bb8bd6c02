"""The screens of models and their versions."""
