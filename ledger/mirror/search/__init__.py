"""Search: what this service knows of subjects, as words that follow behind the mirror."""
