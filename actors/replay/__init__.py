"""The same rules over an invented world: no thread, no clock, no process."""
