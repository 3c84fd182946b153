"""`python -m hookwright`: the same as the `hookwright` command."""

from hookwright.interfaces.cli import main

if __name__ == "__main__":
    main()
