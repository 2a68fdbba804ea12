"""The configuration: reading it, checking it, and saying what is wrong with it."""

from horarium.configuration.digest import digest_of
from horarium.configuration.fault import ConfigError, Fault, render
from horarium.configuration.loading import Loaded, faults, load

__all__ = ["ConfigError", "Fault", "Loaded", "digest_of", "faults", "load", "render"]
