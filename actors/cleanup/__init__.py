"""Takes away what is old of our own, and shows what it took."""
