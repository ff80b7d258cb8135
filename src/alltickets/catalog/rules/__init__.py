"""The decisions of catalog, pure: what an event may become, what is sold to whom and when, which pools it draws from."""
