"""`python -m lossguard` is the command `lossguard`."""

import os
import sys

# Python looks for modules in the working directory first: what is to be checked must not be imported.
if sys.path and sys.path[0] in {"", os.getcwd()}:  # noqa: PTH109  a string to compare with
    del sys.path[0]

from lossguard.cli import main

if __name__ == "__main__":
    sys.exit(main())
