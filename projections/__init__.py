"""What it looks like: tables rebuilt from the log, read by people and never by a rule."""
