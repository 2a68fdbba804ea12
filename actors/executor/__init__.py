"""Starts what may start, gives each run one verdict, and says what follows."""
