"""`python -m lossguard` is the command `lossguard`."""

import sys

from lossguard.cli import main

if __name__ == "__main__":
    sys.exit(main())
