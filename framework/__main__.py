"""`python -m framework`."""

import sys

from framework.cli import command

if __name__ == "__main__":
    sys.exit(command())
