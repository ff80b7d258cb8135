"""The event's page and what belongs to it: its calendar files, its poster and the picture that is shown where it is shared."""
