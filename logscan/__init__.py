"""logscan finds trouble in the logs of containers, and says what it could not read."""

__version__ = "0.1.0"
