"""Plugins are reloaded a thousand times under a service that answers all the while."""
