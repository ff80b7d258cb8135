"""The decisions of pricing, pure: what a unit costs, which price a unit gets, whether a price list makes sense."""
