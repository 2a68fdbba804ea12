"""The commands, each in a file that is loaded when it is called."""
