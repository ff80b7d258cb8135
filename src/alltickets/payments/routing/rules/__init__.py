"""The decisions of routing, pure. In order of reading: facts, policy, fees, conditions, filtering, deciding, explaining."""
