"""What marketing decides, by what it is about: whose turn it is, and who may frame tickets. Pure."""
