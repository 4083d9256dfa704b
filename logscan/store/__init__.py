"""The store: SQLite, one file, one writer. What follow keeps over restarts."""
