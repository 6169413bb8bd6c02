"""An MLflow tracking server: experiments, runs, and the models that were logged in them. It is only read."""
