"""ALLTICKETS: sells tickets and lets people in, without ever selling a place twice."""
