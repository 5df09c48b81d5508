"""One suite against every kind of host (see conftest.py)."""
