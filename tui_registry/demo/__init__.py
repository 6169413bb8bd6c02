"""The demo: a made-up company's registry, as data, and the filling of a throwaway server with it."""
