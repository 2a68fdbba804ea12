"""The questions people ask of the projections. Nothing here changes anything.

Each module answers one kind of question with Structs that encode to the JSON a person is shown:
times are RFC 3339 text in UTC, days ISO dates, amounts whole micro-dollars. A connection comes
from `projections.database.open_readonly`.
"""
