"""`python -m safeglot.cli`."""

from safeglot.cli.commands import main

if __name__ == "__main__":
    main()
