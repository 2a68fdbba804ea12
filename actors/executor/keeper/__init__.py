"""The keeper: a small process that outlives the daemon and keeps all runs.

Beside the log it is the one place where a state waits: the end of a run that was not told yet, as
a file in the folder of that run (see `kept`), at most one for each folder.
"""
