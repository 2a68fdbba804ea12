"""What a log alone can prove: checks with code of their own, that share nothing with the actors."""
