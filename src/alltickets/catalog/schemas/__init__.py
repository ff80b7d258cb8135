"""The wire of catalog: what its organizer sends and reads, and what the shop shows."""
