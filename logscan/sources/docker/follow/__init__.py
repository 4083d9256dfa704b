"""Following the logs of one Docker engine."""
