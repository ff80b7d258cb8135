"""Values and words that every context speaks. Pure: no I/O, and no import of anything of ours."""
