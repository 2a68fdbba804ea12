"""The command lines of agents: what to call, and what their words mean.

Nothing here starts a process or opens a file: arguments and values come out, lines go in.
"""
