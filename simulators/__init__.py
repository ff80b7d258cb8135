"""Payment providers as seen from outside, each a process of its own. Nothing here knows the product that calls it."""
