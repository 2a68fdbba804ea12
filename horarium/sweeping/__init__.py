"""What a sweep reaches beside the folders: processes, and the log."""
