"""The planner: what a day is to hold, and a verdict on everything that is due or asked for."""
