"""How people meet it: the command line, the configuration, the daemon and the web."""
