"""The history of the tables, for Alembic. `env.py` is run by it; each file in `versions/` is one step."""
