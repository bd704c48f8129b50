"""Runs the command line as ``python -m lasagne_stn``."""

from .cli import main

if __name__ == '__main__':
    main()
