"""What it costs: measurements, run with `make bench`."""
