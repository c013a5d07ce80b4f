"""What an auditor takes away: a sample that nobody could choose, and a report that is signed."""
