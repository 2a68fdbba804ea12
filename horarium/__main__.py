"""`python -m horarium` is `horarium`."""

from horarium.cli import main

main()
