"""Marketing: what leads people to tickets besides the shop's own pages.

It owns the waiting lists of what is sold out, and the sites that may frame an organizer's tickets. It publishes `PlacesFreed` and listens
to orders (`OrderPaid`: whoever has bought waits no longer).
"""
