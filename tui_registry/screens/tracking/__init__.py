"""The screens of the tracking server: experiments and runs."""
