"""`python -m alltickets.cli`: the same as `alltickets`."""

from alltickets.cli import main

if __name__ == "__main__":
    main(prog_name="alltickets")
